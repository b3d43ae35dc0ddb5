"""Where a recording is loud enough to be speech, in positions of 20 ms. Pure.

Attention finds a word's place but not its edges: it gives pauses to the words beside them, and the silence
around an utterance draws attention that belongs to no word.
"""

import numpy as np
from numpy.typing import NDArray

from contracts.audio import Samples

SAMPLES_PER_POSITION = 320

Loud = NDArray[np.bool_]

RANGE_DB = 40
"""What is so far below the loudest speech is none, however quiet the rest is."""
NOISE_DB = 6
"""Noise varies by so much."""
LEAST_DB = 12
"""Speech is never taken for silence that is less than this below its loudest."""


def loud(samples: Samples) -> Loud:
    """float32[n] -> one answer per 20 ms, the last of them perhaps of less."""
    count = -(-len(samples) // SAMPLES_PER_POSITION)
    padded = np.zeros(count * SAMPLES_PER_POSITION, dtype=np.float64)
    padded[: len(samples)] = samples
    level = 10 * np.log10(np.mean(padded.reshape(count, SAMPLES_PER_POSITION) ** 2, axis=1) + 1e-12)
    quietest, loudest = np.percentile(level, [5, 95])
    answers: Loud = level > max(loudest - RANGE_DB, min(quietest + NOISE_DB, loudest - LEAST_DB))
    return answers


def extent(loud: Loud, least: int) -> tuple[int, int]:
    """The positions from the first loud one to the last, one more on each side; all of them if that would be
    fewer than `least`."""
    where = np.flatnonzero(loud)
    if not len(where):
        return 0, len(loud)
    first, end = max(0, int(where[0]) - 1), min(len(loud), int(where[-1]) + 2)
    return (first, end) if end - first >= least else (0, len(loud))
