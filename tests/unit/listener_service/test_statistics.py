"""Running numbers: shares, percentiles, and that they do not grow without bound."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener_service import statistics
from listener_service.line import Line
from listener_service.statistics import Histogram, Statistics


def result(
    session: str, text: str = "good day", label: str = "POSITIVE", score: float | None = 0.9, ms: int = 100
) -> Line:
    return Line("2026-01-31T09:00:00.123Z", label, score, text, {"session": session, "latency_ms": str(ms)})


def test_shares_and_means() -> None:
    numbers = Statistics()
    numbers.add(result("a", "I love it"), 0)
    numbers.add(result("a", "I hate it", "NEGATIVE", -0.5), 1)
    numbers.add(result("b", "안녕하세요 여러분", "UNJUDGED", None), 2)
    numbers.add(result("b", "", "UNJUDGED", None), 3)
    numbers.add(Line("2026-01-31T09:00:00.123Z", "ERROR", None, "went wrong", {"session": "b"}), 4)
    found = numbers.all.fields()
    assert (found["utterances"], found["words"], found["dropped"], found["errors"]) == ("3", "8", "1", "1")
    assert (found["positive"], found["negative"], found["neutral"], found["unjudged"]) == (
        "33.3%",
        "33.3%",
        "0.0%",
        "33.3%",
    )
    assert found["mean_score"] == "+0.200"
    assert numbers.sessions_seen == 2


def test_without_results_there_are_no_shares() -> None:
    assert Statistics().all.fields() == {"utterances": "0", "words": "0", "dropped": "0", "errors": "0"}


def test_sessions_active_since_the_latest_first() -> None:
    numbers = Statistics()
    for now, session in enumerate(["a", "b", "c", "a"]):
        numbers.add(result(session), now)
    assert [name for name, _ in numbers.active(since=1)] == ["a", "c"]
    assert [tally.utterances for _, tally in numbers.active(since=-1)] == [2, 1, 1]


def test_quiet_sessions_are_forgotten_but_not_their_numbers() -> None:
    numbers = Statistics()
    numbers.add(result("old"), 0)
    numbers.add(result("new"), statistics.QUIET_SECONDS + 1)
    assert [name for name, _ in numbers.active(since=-1)] == ["new"]
    assert numbers.all.utterances == 2
    assert numbers.sessions_seen == 2


def test_the_number_of_sessions_is_bounded() -> None:
    numbers = Statistics(most_sessions=3)
    for number in range(5):
        numbers.add(result(f"s{number}"), 0)
    assert [name for name, _ in numbers.active(since=-1)] == ["s4", "s3", "s2"]


@settings(max_examples=50)
@given(st.lists(st.floats(1, 3.6e6), min_size=1, max_size=200), st.sampled_from([0.5, 0.95]))
def test_percentiles_are_right_within_a_step(values: list[float], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    rank = -(-len(values) * share // 1)
    exact = sorted(values)[int(rank) - 1]
    assert histogram.percentile(share) == pytest.approx(exact, rel=0.026)


def test_zero_latency_is_counted() -> None:
    histogram = Histogram()
    histogram.add(0.0)
    assert histogram.percentile(0.5) == 1.0


LINES = st.builds(
    Line,
    at=st.just("2026-01-31T09:00:00.123Z"),
    kind=st.sampled_from(["POSITIVE", "NEGATIVE", "NEUTRAL", "UNJUDGED", "ERROR"]),
    score=st.none() | st.integers(-1000, 1000).map(lambda n: n / 1000),
    text=st.text(max_size=20),
    fields=st.fixed_dictionaries(
        {}, optional={"session": st.sampled_from("abc"), "latency_ms": st.integers(0, 10**8).map(str)}
    ),
)


@settings(max_examples=60)
@given(before=st.lists(LINES, max_size=10), after=st.lists(LINES, max_size=10))
def test_what_is_kept_goes_on_as_if_nothing_had_been(before: list[Line], after: list[Line]) -> None:
    unbroken, first = Statistics(), Statistics()
    for now, one in enumerate(before):
        unbroken.add(one, now)
        first.add(one, now)
    second = Statistics.of(json.loads(json.dumps(first.plain())))
    for now, one in enumerate(after, len(before)):
        unbroken.add(one, now)
        second.add(one, now)
    assert second.all.fields() == unbroken.all.fields()
    assert second.sessions_seen == unbroken.sessions_seen
    assert [(name, tally.fields()) for name, tally in second.active(-1)] == [
        (name, tally.fields()) for name, tally in unbroken.active(-1)
    ]


def test_a_latency_that_is_no_number_is_passed_over() -> None:
    numbers = Statistics()
    numbers.add(Line("t", "NEUTRAL", 0.0, "edited by hand", {"latency_ms": "soon"}), 0)
    assert numbers.all.utterances == 1
    assert "latency_p50_ms" not in numbers.all.fields()
