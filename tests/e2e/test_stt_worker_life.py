"""How the speech worker starts, refuses to start, and ends."""

from pathlib import Path

import pytest
import torch
from redis import Redis

from contracts import codec, keys
from contracts.messages import Heartbeat
from scripts import procfile
from tests.e2e.stt_client import NOISE, Client
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ


def worker(directory: Path, redis: RedisServer, **settings: str) -> Process:
    environ = clean_environ(REDIS_URL=redis.url, **settings)
    return Process("stt_worker", procfile.lines()["stt_worker"], directory, environ)


def test_sigterm_lets_the_running_task_finish(tmp_path: Path, redis_server: RedisServer) -> None:
    client = Client(redis_server.url)
    with worker(tmp_path, redis_server, DEMO_MODELS="always") as process:
        process.wait_for(" ready.")
        client.send(client.store("last", NOISE))
        process.wait_for("] received")
        assert process.terminate() == 0
    assert len(client.events("last", 2)) == 2
    assert client.redis.hlen("unacked") == 0


def test_it_waits_for_a_redis_that_is_not_there_yet(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.kill()
    with worker(tmp_path, redis_server, DEMO_MODELS="always") as process:
        process.wait_for("Cannot connect to ")
        redis_server.start()
        process.wait_for(" ready.")
        client = Client(redis_server.url)
        client.send(client.store("late", NOISE))
        assert client.events("late", 2)


def damaged(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(1000))


def of_another_kind(path: Path) -> None:
    torch.save({"weights": {}}, path)


def safetensors(path: Path) -> None:
    path.write_bytes((20).to_bytes(8, "little") + b'{"__metadata__": {}}')


def missing(path: Path) -> None:
    """Nothing is written."""


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (missing, "there is no such file"),
        (damaged, "model.pt is damaged ("),
        (of_another_kind, "is a torch file of another kind: it holds no dims and no model_state_dict"),
        (safetensors, "is not a Whisper checkpoint: it is a safetensors file"),
    ],
)
def test_a_model_file_that_will_not_do(tmp_path: Path, redis_server: RedisServer, make: object, sentence: str) -> None:
    path = tmp_path / "model.pt"
    assert callable(make)
    make(path)
    with worker(tmp_path, redis_server, WHISPER_MODEL=str(path), DEMO_MODELS="auto") as process:
        assert process.wait() == 1
    assert sentence in process.output
    assert "Traceback" not in process.output
    redis = Redis.from_url(redis_server.url)
    [key] = eventually(lambda: redis.keys(keys.heartbeat("*")))
    beat = codec.loads(redis.get(key), Heartbeat)
    assert (beat.state, beat.service) == ("failed", "stt_worker")
    assert sentence in (beat.reason or "")
    assert redis.ttl(key) > 20


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"STT_ENGINE": "kaldi"}, "STT_ENGINE='kaldi': use one of openai-whisper, faster-whisper"),
        ({"WHISPER_MODEL": "bass"}, "'bass' is neither a file nor a model that openai-whisper knows: base, base.en"),
        ({"STT_THREADS": "many"}, "STT_THREADS='many': use a whole number"),
    ],
)
def test_a_setting_that_will_not_do(
    tmp_path: Path, redis_server: RedisServer, settings: dict[str, str], sentence: str
) -> None:
    with worker(tmp_path, redis_server, **settings) as process:
        assert process.wait() == 1
    assert sentence in process.output
    assert "Traceback" not in process.output
