"""A worker whose connection breaks in the middle of one of Celery's own steps takes the next task all the
same, and what it had in hand is not lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from contracts.broker import celery_settings
from contracts.names import ANALYZE_TASK, ANALYZER_QUEUE
from tests.e2e.relay import Relay
from tests.e2e.test_leases import COMMAND, TOLD
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ

APPEND, ACKNOWLEDGE, RESTORE = b"\r\nHSET\r\n", b"\r\nHDEL\r\n", b"restored by another worker"


class Play:
    """One worker, with a link of its own to Redis."""

    def __init__(self, url: str, link: Relay, worker: Process) -> None:
        self.link = link
        self.worker = worker
        self.redis = redis.Redis.from_url(url, decode_responses=True)
        self._celery = Celery("test")
        self._celery.conf.update(celery_settings(url))

    def send(self, name: str) -> None:
        self._celery.send_task(ANALYZE_TASK, [{"name": name, "seconds": 0.5}], queue=ANALYZER_QUEUE)

    def told(self) -> list[str]:
        return [" ".join(line.split()[:2]) for line in self.redis.lrange(TOLD, 0, -1)]

    def is_left(self) -> int:
        return self.redis.llen(ANALYZER_QUEUE) + self.redis.hlen("unacked") + self.redis.zcard("unacked_index")


@pytest.fixture
def play(tmp_path: Path, redis_server: RedisServer) -> Iterator[Play]:
    with Relay(redis_server.port) as link:
        environ = clean_environ(REDIS_URL=f"redis://127.0.0.1:{link.port}/0", SLOW_DEADLINE_SECONDS="60")
        with Process("slow", COMMAND, tmp_path, environ) as worker:
            worker.wait_for("ready.")
            yield Play(redis_server.url, link, worker)


def went_on(play: Play) -> None:
    """The same process, and nothing is left over."""
    play.send("next")
    eventually(lambda: "ended next" in play.told())
    eventually(lambda: not play.is_left())
    assert not play.link.traps
    assert play.worker.output.count(" ready.") == 1
    assert "Warning:" not in play.worker.output
    assert "takes nothing from a queue" not in play.worker.output and play.worker.running


def test_while_it_acknowledges(play: Play) -> None:
    play.link.traps = [ACKNOWLEDGE]
    play.send("first")
    eventually(lambda: "ended first" in play.told())
    went_on(play)
    assert play.told().count("began first") == 1


def test_while_it_acknowledges_twice_over(play: Play) -> None:
    """The message comes again after the visibility timeout."""
    play.link.traps = [ACKNOWLEDGE, ACKNOWLEDGE]
    play.send("first")
    eventually(lambda: "Couldn't ack" in play.worker.output)
    went_on(play)
    assert play.told().count("ended first") == 2


def test_while_it_gives_a_task_back(play: Play) -> None:
    play.redis.rpush("fails:first", "once")
    play.link.traps = [RESTORE]
    play.send("first")
    eventually(lambda: "ended first" in play.told())
    went_on(play)


def test_while_it_notes_what_it_took(play: Play) -> None:
    play.link.traps = [APPEND, APPEND]
    play.send("first")
    eventually(lambda: "ended first" in play.told())
    went_on(play)
    assert play.told().count("began first") == 1
