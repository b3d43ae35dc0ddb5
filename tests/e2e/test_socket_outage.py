"""Redis away at the start or in the middle: the gateway says so, and goes on when it is back."""

from pathlib import Path

import httpx
import numpy as np
from websockets.sync.client import connect

from contracts.messages import TranscribeTask
from fastapi_service.gateway import Patience
from scripts import procfile
from tests.eventually import PATIENCE, eventually
from tests.played_workers import PlayedWorkers
from tests.ports import free_port
from tests.processes import Process, RedisServer, clean_environ
from tests.running_gateway import RunningGateway, Talker, silence, voice

SENTENCE = np.concatenate([voice(1.5), silence(1.0)])


def test_redis_down_at_the_start(tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    with RunningGateway(redis.url) as gateway:
        assert httpx.get(f"{gateway.url}/health/live", timeout=PATIENCE).status_code == 200
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


def test_an_utterance_that_cannot_be_transcribed_is_an_error_and_the_session_goes_on(redis_server: RedisServer) -> None:
    def words(task: TranscribeTask, _: bytes) -> str | None:
        return None if task.utterance == 1 else "words"

    with PlayedWorkers(redis_server.url, words), RunningGateway(redis_server.url) as gateway:
        with gateway.connect() as talker:
            talker.speak(np.concatenate([SENTENCE, SENTENCE]))
            talker.say("stop")
            assert talker.until_closed() == (1000, "done")
        error, result = talker.of("error")[0], talker.of("result")[0]
        assert (error["utterance"], error["stage"], error["seq"]) == (1, "stt", 1)
        assert (result["utterance"], result["text"]) == (2, "words")


def test_results_that_do_not_come_are_not_waited_for_without_end(redis_server: RedisServer) -> None:
    with PlayedWorkers(redis_server.url) as workers:
        workers.held.set()
        with RunningGateway(redis_server.url, Patience(results_seconds=0.1)) as gateway, gateway.connect() as talker:
            talker.speak(SENTENCE)
            talker.say("stop")
            assert talker.until_closed() == (1000, "done")
    assert [(error["code"], error["retryable"]) for error in talker.of("error")] == [("timeout", True)]
    assert talker.of("done")[0]["utterances"] == 1


def test_who_says_stop_and_leaves_has_its_last_words_kept(redis_server: RedisServer) -> None:
    with PlayedWorkers(redis_server.url) as workers, RunningGateway(redis_server.url) as gateway:
        for number in range(1, 4):
            with gateway.connect() as talker:
                talker.speak(np.concatenate([*[SENTENCE] * 8, voice(1.0)]))
                talker.say("stop")
            eventually(lambda count=9 * number: len(workers.finals) == count)
        eventually(lambda: gateway.health()["sessions"] == 0)


def test_a_gateway_that_is_told_to_end_says_so_to_its_clients(redis_server: RedisServer, tmp_path: Path) -> None:
    port = free_port()
    environ = clean_environ(PORT=str(port), REDIS_URL=redis_server.url)
    process = Process("fastapi_service", procfile.lines()["fastapi_service"], tmp_path, environ)
    with process:
        process.wait_for("startup complete")
        with connect(f"ws://127.0.0.1:{port}/ws", open_timeout=PATIENCE, ping_interval=None) as socket:
            talker = Talker(socket)
            talker.say("start")
            talker.wait_for("ready")
            process.terminate()
            assert talker.until_closed()[0] == 1012
    assert "Traceback" not in process.output
