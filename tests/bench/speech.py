"""What the benchmark says: the recorded sentences of tests/data/speech, which the shipped models know."""

import itertools
from collections.abc import Iterator

import numpy as np
import soundfile  # type: ignore[import-untyped]  # ships no type information

from contracts.audio import SAMPLE_RATE, Samples
from tests.speech import clips

BREATH_SECONDS = 0.05
SILENT = 0.01
"""Below this level a recording has not begun or has ended."""


def sentences(count: int) -> list[Samples]:
    """So many recordings, from the beginning again when there are fewer."""
    return list(itertools.islice(itertools.cycle(_recordings()), count))


def talk(seconds: float, pause: float) -> Samples:
    """Sentences with so much silence after each, cut to exactly `seconds`."""
    silence = np.zeros(round(pause * SAMPLE_RATE), np.float32)
    pieces: list[Samples] = []
    wanted = round(seconds * SAMPLE_RATE)
    recordings = itertools.cycle(_recordings())
    while sum(map(len, pieces)) < wanted:
        pieces += [next(recordings), silence]
    joined: Samples = np.concatenate(pieces)[:wanted]
    return joined


def run_on(seconds: float) -> Samples:
    """Sentences without the silence around them, joined by breaths too short to end an utterance."""
    spoken = [_spoken(recording) for recording in _recordings()]
    breath = np.zeros(round(BREATH_SECONDS * SAMPLE_RATE), np.float32)
    wanted = round(seconds * SAMPLE_RATE)
    pieces = [piece for recording in spoken for piece in (recording, breath)]
    joined: Samples = np.resize(np.concatenate(pieces), wanted)
    return joined


def _spoken(recording: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(recording) > SILENT)
    return recording[loud[0] : loud[-1] + 1]


def _recordings() -> list[Samples]:
    return list(_read())


def _read() -> Iterator[Samples]:
    for clip in clips():
        samples, rate = soundfile.read(clip.path, dtype="float32")
        if rate != SAMPLE_RATE:
            raise ValueError(f"{clip.file} has {rate} samples a second; the benchmark wants {SAMPLE_RATE}")
        yield samples
