import logging
from collections.abc import Iterable

import pytest
import redis
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from listener_service.gauges import Gauges
from listener_service.reading import MISSING, Queue, Reading


def samples(metrics: Iterable[Metric]) -> dict[tuple[str, ...], float]:
    """By name without its prefix, and values of labels."""
    found = [sample for metric in metrics for sample in metric.samples]
    return {(s.name.removeprefix("live_sentiment_"), *s.labels.values()): s.value for s in found}


def scraped(reading: Reading) -> dict[tuple[str, ...], float]:
    return samples(Gauges(lambda: reading).collect())


def test_what_could_not_be_told_is_not_there() -> None:
    told = scraped(Reading(queues={"stt_queue": Queue(2, None)}))
    assert told["queue_length", "stt_queue"] == 2
    assert ("queue_oldest_seconds", "stt_queue") not in told
    assert not {("pending_utterances",), ("unacked_tasks",), ("redis_memory_used_bytes",)} & set(told)


def test_what_there_is_none_of_is_told_as_zero() -> None:
    told = scraped(Reading())
    assert told["processes", "sweeper", "ready"] == told["processes", "stt_worker", MISSING] == 0
    assert told["dead_letters_kept", "stt"] == told["jobs", "failed"] == told["results_total",] == 0


def test_a_service_once_seen_is_told_as_zero_when_it_has_gone() -> None:
    readings = [Reading(processes={("conductor", "ready"): 2, ("conductor", MISSING): 1}), Reading()]
    gauges = Gauges(lambda: readings.pop(0))
    first, later = samples(gauges.collect()), samples(gauges.collect())
    assert (first["processes", "conductor", "ready"], first["processes", "conductor", MISSING]) == (2, 1)
    assert later["processes", "conductor", "ready"] == later["processes", "conductor", MISSING] == 0


def test_while_redis_is_away_that_is_all_that_is_told(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Reading | Exception] = [
        Reading(pending=1),
        redis.ConnectionError("gone"),
        redis.TimeoutError("gone"),
        Reading(pending=2),
    ]

    def read() -> Reading:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    gauges = Gauges(read)
    with caplog.at_level(logging.WARNING):
        before, gone, still_gone, after = (samples(gauges.collect()) for _ in range(4))
    assert (before["redis_up",], before["pending_utterances",]) == (1, 1)
    assert gone == still_gone == {("redis_up",): 0}
    assert (after["redis_up",], after["pending_utterances",]) == (1, 2)
    assert len(caplog.records) == 1, "said once for each outage"


def test_registering_it_reads_nothing() -> None:
    CollectorRegistry().register(Gauges(lambda: pytest.fail("was read")))
