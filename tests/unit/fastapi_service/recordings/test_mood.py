import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.names import NEGATIVE, NEUTRAL, POSITIVE
from contracts.polarity import label_of
from fastapi_service.recordings.mood import Judged, course, overall


def judged(*rows: tuple[float, float, float]) -> list[Judged]:
    return [Judged(number, start, end, label_of(score), score) for number, (start, end, score) in enumerate(rows, 1)]


def test_seconds_weigh():
    found = overall(judged((0, 9, 0.9), (9, 10, -0.9)), ["a", "b", "b"], [])
    assert (found.label, found.score, found.model, found.reason) == (POSITIVE, 0.72, "b", None)
    assert found.shares == {POSITIVE: 0.9, NEGATIVE: 0.1, NEUTRAL: 0.0} and found.judged_seconds == 10


def test_good_and_bad_together_are_neutral():
    found = overall(judged((0, 2, 0.9), (2, 4, -0.9)), [], [])
    assert (found.label, found.score) == (NEUTRAL, 0.0)


def test_without_a_label_the_reason_is_told():
    assert overall([], [], ["", "unknown language", "no words", "unknown language"]).reason == "unknown language"
    assert overall([], [], []).reason == "nothing was said"


def test_segments_without_length_count_all_the_same():
    assert overall(judged((1, 1, 0.8), (1, 1, 0.6)), [], []).score == 0.7


def test_the_line_stays_where_the_scores_stay_and_follows_a_turn():
    steady = course(judged(*((at, at + 2, 0.5) for at in range(0, 100, 2))))
    assert all(moment.smoothed == 0.5 for moment in steady) and steady[0].at == 1
    turn = course(judged(*((at, at + 2, 0.9 if at < 300 else -0.9) for at in range(0, 600, 2))))
    line = [moment.smoothed for moment in turn]
    assert line == sorted(line, reverse=True) and line[0] > 0.8 and line[-1] < -0.8
    assert abs(line[149] + line[150]) < 0.01


def test_no_moments_without_judgements():
    assert course([]) == []


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 30), st.floats(-1, 1)), max_size=30))
def test_the_line_lies_between_the_scores(rows):
    moments = course(judged(*((start, start + length, score) for start, length, score in rows)))
    assert [m.at for m in moments] == sorted(m.at for m in moments)
    assert {m.segment for m in moments} == set(range(1, len(rows) + 1))
    scores = [score for *_, score in rows]
    assert all(min(scores) - 1e-4 <= m.smoothed <= max(scores) + 1e-4 for m in moments)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0.1, 30), st.floats(-1, 1)), min_size=1, max_size=30))
def test_shares_make_one(rows):
    found = overall(judged(*((start, start + length, score) for start, length, score in rows)), [], [])
    assert sum(found.shares.values()) == pytest.approx(1, abs=2e-4)
    assert min(score for *_, score in rows) - 1e-4 <= found.score <= max(score for *_, score in rows) + 1e-4


def test_it_looks_at_everything_in_time_with_its_length():
    """A day of speech; every pair of moments would be some hundred million."""
    moments = course(judged(*((at, at + 3, (-1) ** at * 0.5) for at in range(20_000))))
    assert len(moments) == 20_000
    assert all(abs(b.smoothed - a.smoothed) < 0.01 for a, b in itertools.pairwise(moments))
