"""Kept until accepted, forgotten after, to the sample."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recorder_service.backlog import Backlog


@given(
    lengths=st.lists(st.integers(1, 50), max_size=10),
    accepted=st.lists(st.integers(0, 600), max_size=5),
)
def test_what_is_kept_is_exactly_what_was_not_accepted(lengths: list[int], accepted: list[int]) -> None:
    recording = np.arange(sum(lengths), dtype=np.float32)
    backlog = Backlog()
    for start, length in zip(np.cumsum([0, *lengths]), lengths, strict=False):
        backlog.add(recording[start : start + length])
    for number in accepted:
        backlog.accept(number)
    first = min(max([0, *accepted]), len(recording))
    assert backlog.first == first
    kept = np.concatenate([*backlog, np.zeros(0, np.float32)])
    assert np.array_equal(kept, recording[first:])
    assert len(backlog) == len(kept)
