"""A `Reading` as Prometheus metrics: Redis is looked at whenever somebody scrapes, so that nothing shown is
older than that. When it does not answer, `live_sentiment_redis_up` is 0 and the others are not there.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import redis
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contracts.job_messages import ENDS, QUEUED, RUNNING
from contracts.names import ANALYZER_STAGE, PREPARE_STAGE, STT_STAGE
from listener_service.reading import MISSING, Reading

log = logging.getLogger(__name__)

PREFIX = "live_sentiment_"
EXPECTED = ("stt_worker", "analyzer_worker", "listener_service", "sweeper", "recordings_worker", "conductor")
"""Services that there must be one of; their numbers are told even when nothing was ever heard of them."""
STATES = ("ready", "loading", "failed", MISSING)
STAGES = (PREPARE_STAGE, STT_STAGE, ANALYZER_STAGE)
STATUSES = (QUEUED, RUNNING, *ENDS)
MOST_SERVICES = 100

Samples = Mapping[Any, float | None]
"""By the values of the labels, a tuple."""


class Gauges(Collector):
    """`read` raises RedisError when Redis does not answer. One scrape reads at a time."""

    def __init__(self, read: Callable[[], Reading]) -> None:
        self._read = read
        self._reading = threading.Lock()
        self._services = dict.fromkeys(EXPECTED)
        self._up = True

    def describe(self) -> Iterable[Metric]:
        """Names alone, so that registering it asks Redis nothing."""
        return [*families(Reading(), EXPECTED), _up(0)]

    def collect(self) -> Iterator[Metric]:
        with self._reading:
            reading = self._look()
        yield _up(int(reading is not None))
        if reading is not None:
            for service, _ in reading.processes:
                if len(self._services) < MOST_SERVICES:
                    self._services.setdefault(service)
            yield from families(reading, list(self._services))

    def _look(self) -> Reading | None:
        try:
            reading = self._read()
        except redis.RedisError as error:
            if self._up:
                log.warning("Redis does not answer: there is nothing to tell", extra={"error": error})
            self._up = False
            return None
        self._up = True
        return reading


def families(reading: Reading, services: Iterable[str]) -> Iterator[Metric]:
    """All but `redis_up`; a process that has gone is told as 0, so that its absence can be asked for."""
    queues = reading.queues
    yield _gauge("queue_length", "Tasks that wait.", {(name,): queue.length for name, queue in queues.items()}, "queue")
    oldest = {(name,): queue.oldest for name, queue in queues.items()}
    yield _gauge("queue_oldest_seconds", "How long the task at the front has waited.", oldest, "queue")
    yield _gauge("unacked_tasks", "Tasks that workers have taken and not acknowledged.", {(): reading.unacked})
    yield _gauge(
        "unacked_oldest_seconds",
        "The longest that no worker has said of a task that it still has it; renewed every 2 s.",
        {(): reading.unacked_oldest},
    )
    yield _gauge("pending_utterances", "Accepted utterances without a result.", {(): reading.pending})
    yield _gauge("overdue_utterances", "Those of them that nobody has moved on in time.", {(): reading.overdue})
    yield _gauge("overdue_seconds", "By how much the first of them is late.", {(): reading.overdue_seconds})
    letters = _filled(STAGES, reading.dead_letters)
    yield _gauge("dead_letters_kept", "Utterances that were given up and are kept.", letters, "stage")
    processes = {(s, state): reading.processes.get((s, state), 0) for s in services for state in STATES}
    processes |= {key: count for key, count in reading.processes.items() if key[0] in set(services)}
    yield _gauge("processes", "Processes by what their heartbeats say.", processes, "service", "state")
    yield _gauge("jobs", "Recordings that are kept.", _filled(STATUSES, reading.jobs), "status")
    used, most = reading.memory or (None, None)
    yield _gauge("redis_memory_used_bytes", "As Redis counts for its own limit.", {(): used})
    yield _gauge("redis_memory_max_bytes", "That limit; 0 is none.", {(): most})
    results = CounterMetricFamily(f"{PREFIX}results", "Results and errors ever committed.")
    results.add_metric((), reading.results)
    yield results


def _filled(names: Iterable[str], counts: Mapping[str, int]) -> Samples:
    return {(name,): count for name, count in ({name: 0 for name in names} | dict(counts)).items()}


def _up(value: int) -> Metric:
    return _gauge("redis_up", "Whether Redis answers; if not, what is read from it is not told.", {(): value})


def _gauge(name: str, help: str, samples: Samples, *labels: str) -> GaugeMetricFamily:
    """Without the samples that are None."""
    family = GaugeMetricFamily(PREFIX + name, help, labels=labels)
    for values, value in samples.items():
        if value is not None:
            family.add_metric(values, value)
    return family
