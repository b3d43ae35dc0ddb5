"""Requests that are no recording: each is refused in words, and nothing of it is left.

A gateway and a Redis: nobody else has a part in it.
"""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from scripts import procfile
from tests.eventually import PATIENCE, eventually
from tests.ports import free_port
from tests.processes import Process, RedisServer, clean_environ
from tests.running_gateway import RunningGateway
from tests.traces import Traces

MOST_BYTES = 3 << 20
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nsound\r\n'
END = b"--b--\r\n"
HUGE = bytes(70_000)


def field(name: str, value: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)


def chunks(*parts: bytes) -> Iterator[bytes]:
    """A body of unknown length, as a pipe's: it is sent chunked."""
    for part in parts:
        for start in range(0, len(part), 1 << 16):
            yield part[start : start + (1 << 16)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("refused")) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def gateway(server: RedisServer, folder: Path) -> Iterator[RunningGateway]:
    with RunningGateway(server.url, storage_url=str(folder), max_upload_bytes=MOST_BYTES) as running:
        yield running


@pytest.fixture
def api(gateway: RunningGateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.url, headers={"Authorization": "Bearer mine"}, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def traces(server: RedisServer, folder: Path) -> Iterator[Traces]:
    with redis.Redis.from_url(server.url) as store:
        yield Traces(store, folder)


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/audio/transcriptions"])
@pytest.mark.parametrize(
    ("status", "code", "headers", "body"),
    [
        pytest.param(400, "empty", {}, b"", id="nothing"),
        pytest.param(400, "empty", FORM, FILE.replace(b"sound", b"") + END, id="an empty file in a form"),
        pytest.param(400, "bad_form", {"Content-Type": "multipart/form-data"}, FILE + END, id="no boundary"),
        pytest.param(400, "bad_form", {"Content-Type": FORM["Content-Type"] * 9}, FILE, id="an endless boundary"),
        pytest.param(400, "bad_form", FORM, FILE, id="cut off between parts"),
        pytest.param(400, "bad_form", FORM, FILE[:-4], id="cut off within the file"),
        pytest.param(400, "bad_form", FORM, b"not a form at all", id="no form"),
        pytest.param(400, "bad_form", FORM, b"--b\r\n" + b"X: y\r\n" * 99 + b"\r\n" + END, id="too many headers"),
        pytest.param(400, "several_files", FORM, FILE + FILE + END, id="two files"),
        pytest.param(400, "no_file", FORM, field("language", b"en") + END, id="no file"),
        pytest.param(400, "no_file", FORM, field("file", b"sound") + END, id="a file that is a mere field"),
        pytest.param(413, "too_large", FORM, field("reference", HUGE) + FILE + END, id="a huge field"),
        pytest.param(413, "too_large", FORM, FILE + field("x", b"") * 101 + END, id="very many fields"),
        pytest.param(413, "too_large", {}, bytes(MOST_BYTES + 1), id="too large"),
        pytest.param(413, "too_large", {}, bytes(2 * MOST_BYTES), id="much too large"),
        pytest.param(413, "too_large", {}, (bytes(MOST_BYTES), b"x"), id="too large, of unknown length"),
        pytest.param(413, "too_large", FORM, (FILE[:-2], bytes(MOST_BYTES), END), id="too large, in a form"),
        pytest.param(413, "too_large", FORM, (FILE, END, bytes(MOST_BYTES + len(HUGE))), id="much after the form"),
        pytest.param(415, "unsupported_media_type", {"Content-Type": "application/json"}, b"{}", id="JSON"),
        pytest.param(
            *(415, "unsupported_media_type", {"Content-Type": "application/x-www-form-urlencoded"}, b"file=a"),
            id="a form of words",
        ),
        pytest.param(403, "cross_site", {"Sec-Fetch-Site": "cross-site"}, b"sound", id="of another site's page"),
    ],
)
def test_refused_in_words_and_nothing_is_left(
    api: httpx.Client, traces: Traces, path: str, status: int, code: str, headers: dict[str, str], body: Any
) -> None:
    content = chunks(*body) if isinstance(body, tuple) else body
    answer = api.post(path, headers={"Content-Type": "audio/wav"} | headers, content=content)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert len(error["message"]) > 20
    assert traces.all() == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("language", "klingon", "invalid_request"),
        ("task", "sing", "invalid_request"),
        ("words", "perhaps", "invalid_request"),
        ("priority", "urgent", "invalid_request"),
        ("reference", "x" * 201, "invalid_request"),
        ("reference", "line\nbreak", "invalid_request"),
        ("model", "large-v9", "model_not_found"),
        ("webhook", "https://elsewhere.example/", "webhook_refused"),
    ],
)
@pytest.mark.parametrize("place", ["query", "before", "after"])
def test_a_wrong_option_is_named_wherever_it_is(
    api: httpx.Client, traces: Traces, place: str, name: str, value: str, code: str
) -> None:
    """After the file: then all of that came first, and is erased."""
    wrong = field(name, value.encode())
    if place == "query":
        answer = api.post("/v1/jobs", params={name: value}, content=b"sound")
    else:
        body = wrong + FILE if place == "before" else FILE + wrong
        answer = api.post("/v1/jobs", headers=FORM, content=body + END)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, code, name)
    assert traces.all() == []


def test_an_idempotency_key_too_long(api: httpx.Client, traces: Traces) -> None:
    answer = api.post("/v1/jobs", headers={"Idempotency-Key": "k" * 256}, content=b"sound")
    assert answer.status_code == 422 and "Idempotency-Key".lower() in answer.json()["error"]["message"].lower()
    assert traces.all() == []


@pytest.mark.parametrize("form", [False, True])
def test_a_client_gone_in_the_middle_of_its_upload(gateway: RunningGateway, traces: Traces, form: bool) -> None:
    kind = FORM["Content-Type"] if form else "audio/wav"
    head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {MOST_BYTES}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE) as client:
        client.sendall(head.encode() + (FILE[:-2] if form else b"") + bytes(2 << 20))
        eventually(traces.files)
    eventually(lambda: traces.all() == [])


@pytest.mark.parametrize(
    "path", ["unknown", "job-unknown", "..%2f..%2fetc", "%00", "%F0%9F%8E%A4", pytest.param("x" * 3000, id="endless")]
)
def test_an_id_of_no_recording(api: httpx.Client, path: str) -> None:
    for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/result")):
        answer = api.request(method, f"/v1/jobs/{path}{rest}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), (method, rest)


def test_storage_that_is_full(server: RedisServer, tmp_path: Path) -> None:
    port, kept = free_port(), tmp_path / "kept"
    kept.mkdir()
    settings = {"PORT": str(port), "REDIS_URL": server.url, "STORAGE_URL": str(kept)}
    limited = f"sh -c 'ulimit -f 1024; exec {procfile.lines()['fastapi_service']}'"
    with Process("gateway", limited, tmp_path, clean_environ(**settings)) as gateway:
        gateway.wait_for("gateway open")
        answer = eventually(lambda: posted(f"http://127.0.0.1:{port}/v1/jobs", bytes(MOST_BYTES)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    assert "retry-after" in answer.headers and str(tmp_path) not in answer.text
    assert list(kept.rglob("*")) == []


def test_storage_that_is_away(server: RedisServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with RunningGateway(server.url, storage_url=str(tmp_path / "file" / "kept")) as gateway:
        answer = httpx.post(f"{gateway.url}/v1/jobs", content=b"sound", timeout=PATIENCE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")
    assert "retry-after" in answer.headers and str(tmp_path) not in answer.text


def test_a_redis_that_is_full_or_away(redis_server: RedisServer, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with (
        RunningGateway(redis_server.url, storage_url=str(folder)) as gateway,
        redis.Redis.from_url(redis_server.url) as store,
    ):
        store.config_set("maxmemory", 1)
        answer = httpx.post(f"{gateway.url}/v1/jobs", content=b"sound", timeout=PATIENCE)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_full")
        store.config_set("maxmemory", 0)
        assert Traces(store, folder).all() == []
        redis_server.kill()
        answer = httpx.post(f"{gateway.url}/v1/jobs", content=b"sound", timeout=PATIENCE)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")
        assert list(folder.rglob("*")) == []
        redis_server.start()
        answer = eventually(lambda: accepted(f"{gateway.url}/v1/jobs"))
        assert json.loads((answer or httpx.Response(0)).content)["status"] == "queued"


def posted(url: str, content: bytes) -> httpx.Response:
    try:
        return httpx.post(url, content=content, timeout=PATIENCE)
    except httpx.TransportError as error:
        raise OSError(error) from error


def accepted(url: str) -> httpx.Response | None:
    answer = posted(url, b"sound")
    return answer if answer.status_code == 202 else None
