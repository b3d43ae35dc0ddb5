"""Celery's redelivery with leases: what a living worker holds stays its own however long it takes, what
a killed or stuck one held is another's some ten seconds later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from contracts.broker import VISIBILITY_TIMEOUT_SECONDS, celery_settings
from contracts.names import ANALYZE_TASK, ANALYZER_QUEUE
from contracts.watch import EXIT_STATUS
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ

TOLD = "slow"  # the list of tests/e2e/slow_worker.py
COMMAND = (
    f"python -m celery -A tests.e2e.slow_worker worker --queues={ANALYZER_QUEUE} "
    "--pool=solo --concurrency=1 --without-mingle --without-gossip --loglevel=INFO"
)


class Pair:
    """Two workers on one queue."""

    def __init__(self, directory: Path, redis_url: str, deadline: float) -> None:
        environ = clean_environ(REDIS_URL=redis_url, SLOW_DEADLINE_SECONDS=str(deadline))
        self.workers = [Process(f"slow-{n}", f"{COMMAND} -n slow-{n}@%h", directory, environ) for n in (1, 2)]
        self.redis = redis.Redis.from_url(redis_url, decode_responses=True)
        self.celery = Celery("test")
        self.celery.conf.update(celery_settings(redis_url))

    def send(self, name: str, seconds: float) -> None:
        self.celery.send_task(ANALYZE_TASK, [{"name": name, "seconds": seconds}], queue=ANALYZER_QUEUE)

    def told(self) -> list[str]:
        return [" ".join(line.split()[:2]) for line in self.redis.lrange(TOLD, 0, -1)]

    def holder(self) -> Process:
        """Who has the first task in hand."""
        pid = int(eventually(lambda: self.redis.lrange(TOLD, 0, 0))[0].split()[2])
        return next(worker for worker in self.workers if worker.pid == pid)


@pytest.fixture
def pair(tmp_path: Path, redis_server: RedisServer, request: pytest.FixtureRequest) -> Iterator[Pair]:
    pair = Pair(tmp_path, redis_server.url, getattr(request, "param", 60))
    with pair.workers[0], pair.workers[1]:
        for worker in pair.workers:
            worker.wait_for("ready.")
        yield pair


def test_a_long_task_is_not_delivered_to_another_worker_too(pair: Pair) -> None:
    pair.send("long", VISIBILITY_TIMEOUT_SECONDS + 5)
    eventually(lambda: "ended long" in pair.told())
    pair.send("next", 0)  # what was delivered again would be taken before it
    pair.send("next", 0)
    eventually(lambda: pair.told().count("ended next") == 2)
    assert pair.told().count("began long") == 1


def test_a_killed_workers_task_is_begun_again(pair: Pair) -> None:
    pair.send("killed", 1)
    pair.holder().kill()
    eventually(lambda: pair.told() == ["began killed", "began killed", "ended killed"])


@pytest.mark.parametrize("pair", [5.0], indirect=True)
def test_a_task_past_its_deadline_is_given_away_and_its_worker_ends(pair: Pair) -> None:
    pair.send("stuck", 600)
    stuck = pair.holder()
    assert stuck.wait() == EXIT_STATUS
    assert "task past its deadline" in stuck.output and "tests/e2e/slow_worker.py" in stuck.output
    eventually(lambda: pair.told().count("began stuck") == 2)
