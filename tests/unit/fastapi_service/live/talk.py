"""Scripted talk: runs of (probability, number of frames), as frames for the segmenter or as audio."""

from collections.abc import Iterable, Sequence

import numpy as np
from hypothesis import strategies as st

from contracts.audio import Samples
from fastapi_service.live.rules import FRAME
from fastapi_service.live.segmenter import Cut, Segmenter
from fastapi_service.live.stretch import Frame

Run = tuple[float, int]
PROBABILITIES = (0.0, 0.2, 0.34, 0.35, 0.4, 0.49, 0.5, 0.7, 1.0)

runs = st.lists(st.tuples(st.sampled_from(PROBABILITIES), st.integers(1, 40)), max_size=40)
long_runs = st.lists(st.tuples(st.sampled_from(PROBABILITIES), st.integers(1, 600)), max_size=5)
flicker = st.lists(st.tuples(st.sampled_from(PROBABILITIES), st.integers(1, 3)), max_size=200)
talks = st.one_of(runs, long_runs, flicker)


def probabilities(talk: Sequence[Run]) -> list[float]:
    return [p for p, count in talk for _ in range(count)]


def frames(talk: Sequence[Run], level: float = 0.1) -> list[Frame]:
    return [Frame(i * FRAME, (i + 1) * FRAME, p, energy=FRAME * level**2) for i, p in enumerate(probabilities(talk))]


def audio(talk: Sequence[Run], extra: int = 0) -> Samples:
    """For LevelDetector: +-p in turn, a multiple of 1/128 so that a sum over any part is exact;
    `extra` silent samples at the end."""
    levels = np.round(np.array(probabilities(talk), np.float32) * 128) / 128
    signs = np.where(np.arange(len(levels) * FRAME) % 2, -1, 1).astype(np.float32)
    return np.concatenate([np.repeat(levels, FRAME) * signs, np.zeros(extra, np.float32)]).astype(np.float32)


def cuts(segmenter: Segmenter, talk: Sequence[Run], level: float = 0.1) -> list[Cut]:
    """All cuts of the talk, the flush at its end included."""
    pushed = [segmenter.push(frame) for frame in frames(talk, level)]
    return [cut for cut in [*pushed, segmenter.flush()] if cut]


def chunks(samples: Samples, size: int) -> Iterable[Samples]:
    return (samples[i : i + size] for i in range(0, len(samples), size))
