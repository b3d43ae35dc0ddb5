"""Speech that no worker survives: marks in the samples that say how it ends, and who obeys them.

A mark is a run of samples that no recording holds. At 16 kHz every sample reaches the engine as it
was sent, so the mark is found there, in each attempt on the utterance.
"""

import os
import signal
import threading
from pathlib import Path

import numpy as np

from contracts.audio import Samples, to_s16le

CRASH, HANG, RAISE, CRASH_ANALYZER = "crash", "hang", "raise", "crash_analyzer"
KINDS = (CRASH, HANG, RAISE, CRASH_ANALYZER)

ANALYZER_TEXT = "these words are poison"
"""What is understood of an utterance that is to crash the analyzer."""

TIMES = "FAULTS_RAISES"
"""Environment variable: a file with how many more times RAISE is obeyed; without it always."""

_LENGTH = 48


def mark(kind: str) -> Samples:
    noise = np.random.default_rng(KINDS.index(kind)).integers(-3000, 3000, _LENGTH)
    return (noise / 32768).astype(np.float32)


_MARKS = {kind: to_s16le(mark(kind)) for kind in KINDS}


def poisoned(samples: Samples, kind: str) -> Samples:
    """The same speech with the mark in its middle."""
    copy = samples.copy()
    middle = len(copy) // 2
    copy[middle : middle + _LENGTH] = mark(kind)
    return copy


def kind_of(samples: Samples) -> str | None:
    return kind_in(to_s16le(samples))


def kind_in(pcm: bytes) -> str | None:
    return next((kind for kind, bytes_ in _MARKS.items() if bytes_ in pcm), None)


def obey(kind: str | None) -> None:
    """What the engine does with it."""
    if kind == CRASH:
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == HANG:
        threading.Event().wait()
    if kind == RAISE and _still_raises():
        raise RuntimeError("the engine does not like this utterance")


def _still_raises() -> bool:
    if TIMES not in os.environ:
        return True
    file = Path(os.environ[TIMES])
    left = int(file.read_text())
    file.write_text(str(max(0, left - 1)))
    return left > 0
