"""What is done next with a job, decided from what Redis says of it."""

from dataclasses import replace

import pytest

from contracts.job_messages import CANCELLED, COMPLETED, FAILED, RUNNING
from fastapi_service.recordings import advance
from fastapi_service.recordings.advance import Act, Rules
from fastapi_service.recordings.book import Standing
from fastapi_service.recordings.job import Chunk, Job, Options, Problem, State

RULES = Rules(window={"high": 4, "normal": 3, "low": 1})
JOB = Job("job-1", "a.wav", 10, "0" * 64, created=1000.0, options=Options(language="en"))
CUT = State(JOB, status=RUNNING, cut=True, seconds=60.0)
NOW = 1010.0


def act(state: State, standing: Standing, now: float = NOW) -> Act:
    return advance.act(state, standing, now, RULES)


def test_a_job_waits_for_its_preparation() -> None:
    assert act(State(JOB), Standing(open=frozenset({0}))) is Act.WAIT
    assert act(replace(CUT, cut=False), Standing(open=frozenset({0}), known=5)) is Act.WAIT


def test_a_job_of_which_redis_has_lost_something_fails() -> None:
    assert act(State(JOB), Standing()) is Act.LOSE
    assert act(replace(CUT, total=5), Standing()) is Act.LOSE
    assert act(replace(CUT, total=5), Standing(fed=5, known=4)) is Act.LOSE
    assert act(replace(CUT, total=5), Standing(fed=5, known=5)) is Act.MERGE


@pytest.mark.parametrize(
    ("priority", "opened", "expected"),
    [
        ("normal", set(), range(3, 6)),
        ("normal", {1, 2}, range(3, 4)),
        ("high", {1}, range(3, 6)),
        ("low", {2}, range(3, 3)),
        ("low", set(), range(3, 4)),
    ],
)
def test_a_window_of_chunks_is_with_the_workers(priority: str, opened: set[int], expected: range) -> None:
    state = replace(CUT, job=replace(JOB, options=Options(language="en", priority=priority)))
    standing = Standing(fed=2, open=frozenset(opened), known=9)
    assert advance.feed(state, standing, RULES) == expected
    assert act(state, standing) is (Act.FEED if expected else Act.WAIT)


def test_no_more_chunks_than_there_are() -> None:
    assert advance.feed(CUT, Standing(fed=8, known=9), RULES) == range(9, 10)


def test_the_first_chunks_come_one_by_one_until_the_language_is_settled() -> None:
    unknown = replace(CUT, job=replace(JOB, options=Options()))
    assert advance.feed(unknown, Standing(known=9), RULES) == range(1, 2)
    assert not advance.feed(unknown, Standing(fed=1, open=frozenset({1}), known=9), RULES)
    assert advance.feed(unknown, Standing(fed=1, known=9, language="ko"), RULES) == range(2, 5)
    assert advance.feed(unknown, Standing(fed=5, known=9), RULES) == range(6, 9)


def test_merged_when_every_chunk_has_its_result_also_when_there_is_none() -> None:
    assert act(CUT, Standing(fed=9, open=frozenset({7}), known=9)) is Act.WAIT
    assert act(CUT, Standing(fed=9, known=9)) is Act.MERGE
    assert act(CUT, Standing()) is Act.MERGE


def test_a_part_that_failed_fails_the_job_until_its_dead_letter_is_replayed() -> None:
    assert act(CUT, Standing(fed=9, failed=1, known=9)) is Act.FAIL
    failed = replace(CUT, status=FAILED, expires=2000.0)
    assert act(failed, Standing(fed=9, failed=1, known=9)) is Act.WAIT
    assert act(failed, Standing(fed=9, open=frozenset({3}), known=9)) is Act.REOPEN


@pytest.mark.parametrize("code", sorted(advance.FOR_GOOD))
def test_what_no_dead_letter_can_bring_back_stays_failed(code: str) -> None:
    lost = replace(CUT, status=FAILED, expires=2000.0, problem=Problem(code, "upload it again"))
    assert act(lost, Standing(fed=2, open=frozenset({2}), known=9)) is Act.WAIT


def test_after_the_end_the_audio_goes_at_once_and_the_rest_when_it_expires() -> None:
    for status in (COMPLETED, CANCELLED):
        over = replace(CUT, status=status, expires=2000.0)
        assert act(over, Standing()) is Act.CLEAN
        assert act(replace(over, cleaned=True), Standing()) is Act.WAIT
        assert act(replace(over, cleaned=True), Standing(), 2000.0) is Act.FORGET


def test_what_is_awaited_is_cancelled_when_nobody_asks_any_more() -> None:
    awaited = replace(CUT, job=replace(JOB, awaited=True), heard=NOW - RULES.gone_seconds - 1)
    assert act(awaited, Standing(known=9)) is Act.CANCEL
    assert act(replace(awaited, heard=NOW), Standing(known=9)) is Act.FEED


def test_progress_is_the_seconds_that_have_a_result() -> None:
    chunks = {1: Chunk(0, 10, 5), 2: Chunk(20, 50, 5), 3: Chunk(60, 70, 5)}
    assert advance.percent(Standing(known=3), chunks) == 10
    assert advance.percent(Standing(fed=2, open=frozenset({2}), known=3), chunks) == 10 + int(90 * 0.2)
    assert advance.percent(Standing(fed=3, open=frozenset({2}), known=3), chunks) == 10 + int(90 * 0.4)
    assert advance.percent(Standing(fed=3, known=3), chunks) == 99
