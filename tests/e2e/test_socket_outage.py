"""Redis away at the start or in the middle: the gateway says so, and goes on when it is back."""

from pathlib import Path

import httpx
import numpy as np

from tests.eventually import eventually
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway, silence, voice

SENTENCE = np.concatenate([voice(1.5), silence(1.0)])


def test_redis_down_at_the_start(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    with RunningGateway(redis.url) as gateway:
        assert httpx.get(f"{gateway.url}/health/live").status_code == 200
        health = gateway.health()
        assert health["status"] == 503 and not health["ready"]
        assert health["parts"]["redis"]["state"] == "failed" and "Redis cannot be" in health["parts"]["redis"]["reason"]
        with gateway.connect() as talker:
            talker.speak(SENTENCE)
            error = talker.wait_for("error")
            assert (error["code"], error["retryable"]) == ("storage_unavailable", True)
            assert talker.until_closed() == (1013, "storage_unavailable")
        with redis, PlayedWorkers(redis.url):
            eventually(lambda: gateway.health()["status"] == 200)
            with gateway.connect() as talker:
                talker.speak(SENTENCE)
                talker.wait_for("result")


def test_redis_goes_away_in_the_middle_and_comes_back(redis_server: RedisServer) -> None:
    with PlayedWorkers(redis_server.url), RunningGateway(redis_server.url) as gateway:
        with gateway.connect() as talker:
            talker.speak(SENTENCE)
            talker.wait_for("result", utterance=1)
            for outage in (1, 2):
                redis_server.kill()
                talker.speak(SENTENCE)
                error = talker.wait_for("error")
                assert (error["code"], error["retryable"]) == ("storage_unavailable", True)
                redis_server.start()
                talker.wait_for("result", utterance=1 + outage)
            talker.say("stop")
            assert talker.until_closed() == (1000, "done")
        assert [message["seq"] for message in talker.heard if "seq" in message and message["seq"]] == [1, 2, 3, 4, 5, 6]
        assert len(talker.of("error")) == 2
        eventually(lambda: gateway.health()["status"] == 200)


def test_without_workers_the_client_is_told_and_its_words_are_kept(redis_server: RedisServer) -> None:
    with RunningGateway(redis_server.url) as gateway, gateway.connect() as talker:
        talker.speak(SENTENCE)
        ready = talker.wait_for("ready")
        assert (ready["engine"], ready["model"]) == ("", "")
        error = talker.wait_for("error")
        assert (error["code"], error["retryable"]) == ("not_ready", True) and "stt_worker" in error["message"]
        talker.wait_for("accepted")
        with PlayedWorkers(redis_server.url):
            talker.wait_for("result")
            talker.say("stop")
            assert talker.until_closed() == (1000, "done")
