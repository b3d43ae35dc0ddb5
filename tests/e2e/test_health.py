"""/health of a real gateway process, and how it ends when it cannot start."""

import contextlib
import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import redis

from contracts import codec, keys
from contracts.messages import Heartbeat
from scripts import procfile
from tests.eventually import PATIENCE, eventually
from tests.played_workers import PlayedWorkers
from tests.ports import free_port
from tests.processes import Process, RedisServer, clean_environ
from tests.running_gateway import RunningGateway, silence, voice


def gateway_process(directory: Path, **environ: str) -> Process:
    return Process("fastapi_service", procfile.lines()["fastapi_service"], directory, clean_environ(**environ))


def test_ready_once_a_clip_went_through_both_queues(redis_server: RedisServer, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/health"
    with gateway_process(tmp_path, PORT=str(port), REDIS_URL=redis_server.url) as process:
        eventually(lambda: _answers(f"{url}/live"))
        refused = httpx.get(f"{url}/ready", timeout=PATIENCE)
        assert refused.status_code == 503 and refused.headers["cache-control"] == "no-store"
        for name in ("stt_worker", "analyzer_worker"):
            assert refused.json()["parts"][name]["state"] == "missing"
            assert name in refused.json()["parts"]["pipeline"]["reason"]
        assert refused.json()["parts"]["pipeline"]["state"] == "waiting"
        with PlayedWorkers(redis_server.url) as workers:
            eventually(lambda: httpx.get(f"{url}/ready", timeout=PATIENCE).status_code == 200)
            assert {task.kind for task in workers.tasks} == {"probe"}
            report = httpx.get(f"{url}/ready", timeout=PATIENCE).json()
        assert report["models"] == {"engine": "played", "speech": "played-speech", "sentiment": "played-sentiment"}
        assert report["demo_models"] is False and report["real_models"] is None and report["sessions"] == 0
        with redis.Redis.from_url(redis_server.url) as client:
            assert client.xlen("results") == 0
        assert process.terminate() in (0, -signal.SIGTERM), "uvicorn shuts down, then lets the signal end it"
        assert "Traceback" not in process.output


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=PATIENCE).status_code == 200
    except httpx.TransportError:
        return False


def test_a_worker_that_failed_says_why(redis_server: RedisServer) -> None:
    beat = Heartbeat("stt_worker@x-1", "stt_worker", "failed", reason="speech.pt is damaged; copy it again")
    with redis.Redis.from_url(redis_server.url) as client:
        client.set(keys.heartbeat(beat.worker), codec.dumps(beat), ex=60)
        client.sadd(keys.WORKERS, beat.worker, "stt_worker@long-gone-1")
        with RunningGateway(redis_server.url) as gateway:
            parts = gateway.health()["parts"]
        assert client.smembers(keys.WORKERS) == {beat.worker.encode()}
    assert parts["stt_worker"]["state"] == "failed"
    assert parts["stt_worker"]["reason"] == "speech.pt is damaged; copy it again"


def test_of_a_worker_that_was_killed_nothing_stays(redis_server: RedisServer, tmp_path: Path) -> None:
    own = {"STORAGE_URL": str(tmp_path / "recordings")}
    line = procfile.lines()["recordings_worker"]
    with redis.Redis.from_url(redis_server.url, decode_responses=True) as client:
        with Process("recordings_worker", line, tmp_path, clean_environ(REDIS_URL=redis_server.url, **own)) as process:
            process.wait_for(" ready.")
            (worker,) = client.smembers(keys.WORKERS)
            eventually(lambda: client.sismember(keys.MAILBOXES, keys.mailbox(worker)))
            process.kill()
        client.delete(keys.heartbeat(worker))  # as it does by itself after ten seconds
        with RunningGateway(redis_server.url) as gateway:
            eventually(lambda: gateway.health() and not client.smembers(keys.MAILBOXES))
        assert not client.smembers(keys.WORKERS)


def test_a_log_or_a_sweeper_that_is_missing_is_told_and_the_page_stays(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    own = {"RESULT_LOG": str(tmp_path / "results.log"), "STORAGE_URL": str(tmp_path / "recordings")}
    environ = clean_environ(REDIS_URL=redis_server.url, **own)
    lines = procfile.lines()
    with PlayedWorkers(redis_server.url), RunningGateway(redis_server.url) as gateway:
        report: Any = eventually(lambda: _when_ready(gateway))
        assert report["status"] == 200
        assert _missing(report) == ["listener_service", "sweeper", "recordings_worker", "conductor"]
        with Process("sweeper", lines["sweeper"], tmp_path, environ):
            eventually(lambda: "sweeper" not in _missing(gateway.health()))
            with contextlib.ExitStack() as rest:
                for name in ("listener_service", "recordings_worker", "conductor"):
                    rest.enter_context(Process(name, lines[name], tmp_path, environ))
                eventually(lambda: gateway.health()["degraded"] == [])
        parts = gateway.health()["parts"]
        assert parts["sweeper"]["ready"] == 1 and parts["listener_service"]["needed"] is False


def _missing(report: dict[str, Any]) -> list[str]:
    return [lack.split(":")[0] for lack in report["degraded"]]


def test_what_waits_is_told(redis_server: RedisServer) -> None:
    with RunningGateway(redis_server.url) as gateway, gateway.connect() as talker:
        talker.speak(np.concatenate([voice(1.0), silence(1.0)] * 2))
        talker.say("ping")
        talker.wait_for("pong")
        report = eventually(lambda: _with_queued(gateway, 2))
        assert report["pending"]["utterances"] == 2 and report["dead_letters"] == 0
        live = {"stt_queue", "stt_partial_queue", "analyzer_queue"}
        assert set(report["queues"]) == live | {"stt_job_queue", "analyzer_job_queue", "job_queue"}
        assert eventually(lambda: gateway.health()["queues"]["stt_queue"]["oldest_seconds"] > 0)
        assert eventually(lambda: gateway.health()["pending"]["overdue_seconds"] > 0)
        assert 0 < report["parts"]["redis"]["memory_used"] < 0.1


def _with_queued(gateway: RunningGateway, count: int) -> Any:
    report = gateway.health()
    return report if report["queues"]["stt_queue"]["length"] == count else None


def test_demo_models_are_told_with_the_way_to_real_ones(redis_server: RedisServer) -> None:
    with PlayedWorkers(redis_server.url, demo_models=True), RunningGateway(redis_server.url) as gateway:
        report = eventually(lambda: _when_ready(gateway))
        assert report["demo_models"] and "DEMO_MODELS" in report["real_models"]
        with gateway.connect() as talker:
            talker.say("start")
            assert talker.wait_for("ready")["demo_models"] is True


def _when_ready(gateway: RunningGateway) -> dict[str, object]:
    report = gateway.health()
    return report if report["ready"] else {}


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PORT": "eighty"}, ["PORT", "eighty", "whole number"]),
        ({"REDIS_URL": "localhost"}, ["REDIS_URL", "redis://"]),
        ({"MAX_FRAME_BYTES": "1"}, ["MAX_FRAME_BYTES", "1024"]),
    ],
    ids=["port", "redis", "frame"],
)
def test_a_bad_setting_ends_it_with_a_sentence(tmp_path: Path, environ: dict[str, str], words: list[str]) -> None:
    with gateway_process(tmp_path, **environ) as process:
        assert process.wait() == 1
    assert all(word in process.output for word in words) and "Traceback" not in process.output


def test_a_taken_port_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with gateway_process(tmp_path, PORT=port) as process:
            assert process.wait() == 1
    assert port in process.output and "choose another" in process.output and "Traceback" not in process.output
