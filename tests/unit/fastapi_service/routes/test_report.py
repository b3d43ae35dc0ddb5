import json
from typing import Any, cast

import pytest

from contracts.messages import Heartbeat, Result, Sentiment
from fastapi_service.backlog import Backlog, Queue
from fastapi_service.load import Load
from fastapi_service.probe import Probe
from fastapi_service.routes import report
from fastapi_service.routes.report import Seen
from fastapi_service.workers import NEEDED, WANTED, Crew, Workers

NOBODY = cast(Any, None)


def beats(**states: str) -> Crew:
    """All are ready except those named, which are as said, or absent."""
    told = {service: states.get(service, "ready") for service in (*NEEDED, *WANTED)}
    return Crew(tuple(Heartbeat(f"{s}@x", s, state) for s, state in told.items() if state != "absent"))


@pytest.fixture
def load() -> Load:
    workers = Workers(NOBODY)
    workers.were_ready = True
    return Load(NOBODY, workers, most_wait=10.0)


@pytest.fixture
def proved() -> Probe:
    probe = Probe(NOBODY, NOBODY, NOBODY)
    probe.witness(Result("s", 1, 0, 1, "", "en", 0.9, Sentiment(None, None, {}, "judge"), "scripted", "script"))
    return probe


def test_all_is_well(load: Load, proved: Probe) -> None:
    told = report.ready(Seen(None, beats(), proved, load))
    assert told["ready"] and told["degraded"] == []
    assert {part["state"] for part in told["parts"].values()} == {"ready"}
    assert list(told["parts"]) == ["redis", *NEEDED, "pipeline", *WANTED]
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize("service", WANTED)
@pytest.mark.parametrize(("state", "said"), [("absent", "start one"), ("loading", "is loading")])
def test_who_writes_and_who_sweeps_are_missed_but_do_not_decide(
    load: Load, proved: Probe, service: str, state: str, said: str
) -> None:
    told = report.ready(Seen(None, beats(**{service: state}), proved, load))
    (lack,) = told["degraded"]
    assert told["ready"] and lack.startswith(f"{service}: ") and said in lack
    assert told["parts"][service]["state"] != "ready"


@pytest.mark.parametrize("service", NEEDED)
def test_a_worker_decides(load: Load, proved: Probe, service: str) -> None:
    told = report.ready(Seen(None, beats(**{service: "absent"}), proved, load))
    assert not told["ready"] and told["degraded"] == []


def test_without_redis_nothing_else_is_known(load: Load, proved: Probe) -> None:
    load.backlog = Backlog({"stt_queue": Queue(5, 60.0)}, pending=7)
    told = report.ready(Seen("Redis cannot be reached", Crew(), proved, load))
    assert not told["ready"] and told["queues"] == {} and told["degraded"] == []
    assert told["parts"]["redis"]["reason"] == "Redis cannot be reached"
    assert {part["state"] for name, part in told["parts"].items() if name != "redis"} == {"unknown"}


def test_what_waits_and_since_when(load: Load, proved: Probe) -> None:
    load.backlog = Backlog({"stt_queue": Queue(5, 12.34)}, pending=7, overdue=1.26, dead_letters=2)
    told = report.ready(Seen(None, beats(), proved, load))
    assert told["queues"] == {"stt_queue": {"length": 5, "oldest_seconds": 12.3}}
    assert told["pending"] == {"utterances": 7, "overdue_seconds": 1.3} and told["dead_letters"] == 2
    assert told["load"]["expected_wait_seconds"] == 12.3
    assert told["ready"] and told["degraded"][0].startswith("load: no new sessions are taken: speech waits 12 s")


def test_before_the_first_workers_were_ready_whatever_waits_is_waited_for(load: Load) -> None:
    load._workers.were_ready = False
    load.backlog = Backlog({"stt_queue": Queue(5, 120.0)})
    assert load.refusal is None


def test_what_nobody_sweeps_is_told_although_a_sweeper_says_it_is_ready(load: Load, proved: Probe) -> None:
    load.backlog = Backlog(pending=1, overdue=65.0)
    told = report.ready(Seen(None, beats(), proved, load))
    assert told["degraded"] == ["sweeper: an accepted utterance is 65 s overdue"]


def test_a_full_redis(load: Load, proved: Probe) -> None:
    load.memory.learn(93, 100)
    told = report.ready(Seen(None, beats(), proved, load))
    assert told["ready"] and told["degraded"] == ["redis: 93% of its memory is used; no new audio is taken"]
    assert told["load"]["partials"] is False and told["parts"]["redis"]["memory_used"] == 0.93
    assert load.refusal and load.refusal.code.name == "storage_full" and load.refusal.retry_after


def test_the_expected_wait_is_told_in_words_and_seconds(load: Load) -> None:
    load.backlog = Backlog({"stt_queue": Queue(5, 12.2), "analyzer_queue": Queue(1, 1.0)})
    refusal = load.refusal
    assert refusal and (refusal.code.name, refusal.code.close, refusal.retry_after) == ("full", 1013, 13.0)
    assert "waits 12 s" in refusal.message and "13 seconds" in refusal.message
    load.backlog = Backlog({"stt_queue": Queue(5, 600.0)})
    assert load.refusal and load.refusal.retry_after == 60.0, "it may be over sooner"
