"""What the benchmark says: the recorded sentences of tests/data/speech, which the shipped models know."""

import itertools
from collections.abc import Iterator

import numpy as np
import soundfile  # type: ignore[import-untyped]  # ships no type information

from contracts.audio import SAMPLE_RATE, Samples
from tests.speech import clips


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


def _recordings() -> list[Samples]:
    return list(_read())


def _read() -> Iterator[Samples]:
    for clip in clips():
        samples, rate = soundfile.read(clip.path, dtype="float32")
        if rate != SAMPLE_RATE:
            raise ValueError(f"{clip.file} has {rate} samples a second; the benchmark wants {SAMPLE_RATE}")
        yield samples
