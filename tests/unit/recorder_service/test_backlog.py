import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_service.backlog import Backlog


@given(
    lengths=st.lists(st.integers(1, 50), max_size=10),
    accepted=st.lists(st.integers(0, 600), max_size=5),
    most=st.integers(50, 600),
)
def test_what_is_kept_is_exactly_what_was_not_accepted(lengths: list[int], accepted: list[int], most: int) -> None:
    recording = np.arange(1, sum(lengths) + 1, dtype=np.float32)
    backlog = Backlog(most)
    for start, length in zip(np.cumsum([0, *lengths]), lengths, strict=False):
        backlog.add(recording[start : start + length])
    for number in accepted:
        backlog.accept(number)
    safe = min(max([0, *accepted]), len(recording))
    first = max(safe, len(recording) - most)
    assert (backlog.accepted, backlog.first, backlog.end) == (safe, first, len(recording))
    assert np.array_equal(backlog.read(first, most), recording[first:])
    assert len(backlog) == len(recording) - first
    assert backlog.room == most - len(backlog)


def test_what_is_added_to_a_full_one_takes_the_place_of_the_oldest() -> None:
    backlog = Backlog(5)
    backlog.add(np.float32([0, 1, 2]))
    backlog.accept(1)
    backlog.add(np.float32([3, 4, 5, 6]))
    assert (backlog.accepted, backlog.first, backlog.end, backlog.room) == (1, 2, 7, 0)
    assert backlog.read(2, 3).tolist() == [2, 3, 4]
    assert backlog.read(6, 3).tolist() == [6]
    with pytest.raises(IndexError, match="sample 1 is no longer kept; the first one is 2"):
        backlog.read(1, 3)
