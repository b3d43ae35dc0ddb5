"""Audio comes back as it went in, and what is forgotten is gone."""

import numpy as np
import pytest

from fastapi_service.live.rules import FRAME
from fastapi_service.live.tape import Tape

AUDIO = np.arange(10 * FRAME + 100, dtype=np.float32)


def tape() -> Tape:
    made = Tape()
    for start in range(0, len(AUDIO), FRAME):
        made.append(AUDIO[start : start + FRAME])
    return made


@pytest.mark.parametrize(("start", "end"), [(0, 5), (1, FRAME), (500, 520), (FRAME, 2 * FRAME), (7, len(AUDIO))])
def test_any_part_comes_back(start: int, end: int) -> None:
    assert np.array_equal(tape().samples(start, end), AUDIO[start:end])


def test_only_whole_settled_frames_are_forgotten() -> None:
    made = tape()
    made.forget(3 * FRAME + 1)
    assert len(made) == len(AUDIO) - 3 * FRAME
    assert np.array_equal(made.samples(3 * FRAME + 1, 5 * FRAME), AUDIO[3 * FRAME + 1 : 5 * FRAME])
    with pytest.raises(ValueError, match="those before 1536 are forgotten"):
        made.samples(FRAME, 2 * FRAME)


def test_it_keeps_copies() -> None:
    frame = np.ones(FRAME, np.float32)
    made = Tape()
    made.append(frame)
    frame[:] = 0
    assert made.samples(0, FRAME).min() == 1
