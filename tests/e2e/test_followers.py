"""Connections that wait for a recording have places, and no more than there are. A gateway and a Redis."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis

from contracts import keys
from fastapi_service.recordings import steps
from fastapi_service.recordings.job import Job
from tests.eventually import PATIENCE, eventually
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway

FOLLOWING = ["/v1/jobs/job-1/events", "/tokens/analysis-progress/job-1"]
AUDIO = "/v1/audio/transcriptions"


@pytest.fixture
def store(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    """With one job."""
    with redis.from_url(redis_server.url) as client:
        client.eval(*steps.submit(Job("job-1", "a.wav", 1, "", 1.0), "same", "", 10).call)
        yield client


@pytest.fixture
def gateway(redis_server: RedisServer, tmp_path: Path) -> Iterator[RunningGateway]:
    """With two places."""
    with RunningGateway(redis_server.url, storage_url=str(tmp_path / "kept"), max_followers=2) as running:
        yield running


@pytest.fixture
def api(gateway: RunningGateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.url, timeout=PATIENCE) as client:
        yield client


@contextlib.contextmanager
def following(api: httpx.Client, path: str) -> Iterator[None]:
    """As soon as there is a place."""
    with contextlib.ExitStack() as opened:

        def has_a_place() -> bool:
            answer = opened.enter_context(api.stream("GET", path))
            return answer.status_code == 200

        eventually(has_a_place)
        yield


@contextlib.contextmanager
def waiting(gateway: RunningGateway, content: bytes, stream: bool) -> Iterator[socket.socket]:
    """A client of OpenAI's API whose recording has been sent."""
    fields = {"file": ("a.wav", content), "stream": (None, str(stream).lower())}
    request = httpx.Request("POST", f"{gateway.url}{AUDIO}", files=fields)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE) as sender:
        sender.sendall(f"POST {AUDIO} HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        yield sender


@pytest.mark.parametrize("path", FOLLOWING)
def test_more_are_refused_in_words_until_one_goes(store: "redis.Redis", api: httpx.Client, path: str) -> None:
    with following(api, FOLLOWING[0]):
        with following(api, FOLLOWING[1]):
            for _ in range(3):
                refused = api.get(path)
                error = refused.json()["error"]
                assert (refused.status_code, error["code"]) == (503, "followers_full")
                assert refused.headers["retry-after"] == "10"
                assert "2 callers" in error["message"] and "10 seconds" in error["message"]
            assert api.get("/v1/jobs/job-1").status_code == 200
            assert api.get("/v1/jobs/job-2/events").status_code == 404
        with following(api, path):
            assert api.get(path).status_code == 503


def test_places_are_free_again_after_an_end_and_after_a_refusal(store: "redis.Redis", api: httpx.Client) -> None:
    for _ in range(3):
        assert api.get("/v1/jobs/job-2/events").status_code == 404
        assert api.get(FOLLOWING[0], params={"after": "x"}).status_code == 422
        eventually(lambda: api.post(AUDIO, content=b"").status_code == 400)
    store.hset(keys.job("job-1"), "status", "failed")
    for _ in range(3):
        eventually(lambda: api.get(FOLLOWING[0]).status_code == 200)


@pytest.mark.parametrize("stream", [True, False])
def test_who_waits_as_openais_clients_do_has_a_place_too(
    store: "redis.Redis", gateway: RunningGateway, api: httpx.Client, stream: bool
) -> None:
    with waiting(gateway, b"one", stream), waiting(gateway, b"another", stream):
        eventually(lambda: store.zcard(keys.JOBS) == 3)
        assert api.get(FOLLOWING[0]).status_code == 503
        refused = api.post(AUDIO, files={"file": ("b.wav", b"other sound")})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "followers_full")
        assert refused.json()["error"]["type"] == "server_error" and "retry-after" in refused.headers
    with following(api, FOLLOWING[0]), following(api, FOLLOWING[0]):
        assert api.get(FOLLOWING[0]).status_code == 503
