"""Redis near the end of its memory: new audio is refused in words before anything is lost, and goes on by
itself when there is room."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from redis import Redis

from tests.e2e.test_socket_load import wait_until_slowed
from tests.eventually import PATIENCE, eventually
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway, Talker, silence, voice

SENTENCE = np.concatenate([voice(1.0), silence(1.0)])
BALLAST = 30_000_000


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[Redis]:
    with Redis.from_url(redis_server.url) as client:
        yield client


def fill(client: Redis, gateway: RunningGateway) -> None:
    """93 %, most of it ballast that can be thrown off; until the gateway has seen it."""
    client.setrange("ballast", BALLAST, "x")
    client.config_set("maxmemory", int(client.info("memory")["used_memory"] / 0.93))
    eventually(lambda: any("no new audio" in lack for lack in gateway.health()["degraded"]))


def test_live_sessions_are_told_and_wait_and_lose_nothing(redis_server: RedisServer, client: Redis) -> None:
    with PlayedWorkers(redis_server.url) as workers, RunningGateway(redis_server.url) as gateway:
        with gateway.connect() as talker:
            talker.speak(SENTENCE)
            talker.wait_for("result", utterance=1)
            workers.held.set()
            talker.speak(SENTENCE)
            talker.wait_for("accepted")
            fill(client, gateway)
            speaking = threading.Thread(target=talker.speak, args=(np.concatenate([SENTENCE] * 2),))
            speaking.start()
            error = talker.wait_for("error")
            assert (error["code"], error["retryable"]) == ("storage_full", True) and "takes no audio" in error[
                "message"
            ]
            wait_until_slowed(talker)  # it says that it lives, and takes nothing
            workers.held.clear()
            talker.wait_for("result", utterance=2)  # what was accepted is finished all the same
            assert len(workers.finals) == 2
            client.delete("ballast")
            talker.wait_for("result", utterance=4)
            speaking.join(PATIENCE)
            talker.say("stop")
            assert talker.until_closed() == (1000, "done")
    assert len(talker.of("error")) == 1
    assert talker.of("done")[0]["samples"] == 4 * len(SENTENCE)


def test_new_sessions_are_refused_and_those_that_exist_may_resume(redis_server: RedisServer, client: Redis) -> None:
    with PlayedWorkers(redis_server.url), RunningGateway(redis_server.url) as gateway:
        with gateway.connect() as first:
            first.say("start")
            ready = first.wait_for("ready")
            first.speak(SENTENCE)
            first.wait_for("result")
        fill(client, gateway)
        with gateway.connect() as late:
            late.say("start")
            error = late.wait_for("error")
            assert (error["code"], error["retryable"], error["retry_after"] > 0) == ("storage_full", True, True)
            assert late.until_closed() == (1013, "storage_full")
        with gateway.connect() as again:
            again.say("start", session=ready["session"], key=ready["key"], after=0)
            assert again.wait_for("ready")["resumed"]
            again.wait_for("result", utterance=1)
            again.speak(SENTENCE)
            assert again.wait_for("error")["code"] == "storage_full"
            client.delete("ballast")
            again.wait_for("result", utterance=2)


def test_partials_are_not_asked_for_while_it_is_full(redis_server: RedisServer, client: Redis) -> None:
    with PlayedWorkers(redis_server.url), RunningGateway(redis_server.url) as gateway:
        fill(client, gateway)
        assert gateway.health()["load"]["partials"] is False
        client.config_set("maxmemory", 0)
        eventually(lambda: gateway.health()["load"]["partials"] is True)


def test_a_redis_without_a_limit_is_never_full(redis_server: RedisServer, client: Redis) -> None:
    client.config_set("maxmemory", 0)
    client.setrange("ballast", BALLAST, "x")
    with PlayedWorkers(redis_server.url), RunningGateway(redis_server.url) as gateway:
        assert gateway.health()["parts"]["redis"]["memory_used"] is None
        with gateway.connect() as talker:
            speak_to_the_end(talker)


def speak_to_the_end(talker: Talker) -> None:
    talker.speak(SENTENCE)
    talker.say("stop")
    assert talker.until_closed() == (1000, "done") and len(talker.of("result")) == 1
