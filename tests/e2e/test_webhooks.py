"""Webhooks from the end of a job to a receiver, with real processes: Redis, gateway, recordings worker, conductor."""

import base64
import io
import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import redis
import soundfile
from standardwebhooks import Webhook

from contracts import keys
from contracts.names import DEAD_WEBHOOKS_STREAM
from scripts import procfile
from scripts.procfile import ROOT
from tests.eventually import PATIENCE, eventually
from tests.ports import free_port
from tests.processes import Process, RedisServer, clean_environ
from tests.receiver import Receiver

SECRET = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
OLD = f"whsec_{base64.b64encode(bytes(32)).decode()}"
NUMBERS = itertools.count()
NOT_A_RECORDING = b"not a recording\n" * 1000


def silence() -> bytes:
    """Three seconds that differ from those before."""
    file = io.BytesIO()
    soundfile.write(file, np.full(48_000, next(NUMBERS) * 1e-4, np.float32), 16_000, format="WAV")
    return file.getvalue()


@dataclass(frozen=True)
class Place:
    api: httpx.Client
    receiver: Receiver
    store: "redis.Redis"
    processes: dict[str, Process]
    environ: dict[str, str]

    def send(self, path: str, body: bytes | None = None, **options: str) -> str:
        """The id of a job whose webhook goes to this path of the receiver."""
        options = {"webhook": self.receiver.url(path), **options}
        answer = self.api.post("/v1/jobs", files={"file": ("a.wav", body or silence())}, data=options)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def cancel(self, path: str) -> str:
        job = self.send(path)
        assert self.api.delete(f"/v1/jobs/{job}").status_code in (200, 204)
        return job

    def dead(self) -> dict[bytes, dict[bytes, bytes]]:
        return dict(self.store.xrange(DEAD_WEBHOOKS_STREAM))

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        line = [sys.executable, "-m", "fastapi_service.recordings.webhooks", *arguments]
        return subprocess.run(line, cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=PATIENCE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory, port = tmp_path_factory.mktemp("webhooks"), free_port()
    with RedisServer(directory) as server, Receiver() as receiver:
        environ = clean_environ(
            HOST="127.0.0.1",
            PORT=str(port),
            REDIS_URL=server.url,
            STORAGE_URL=str(directory / "recordings"),
            WEBHOOK_HOSTS=receiver.place,
            WEBHOOK_SECRET=f"{SECRET},{OLD}",
        )
        names = "fastapi_service", "recordings_worker", "conductor"
        processes = {name: Process(name, procfile.lines()[name], directory, environ) for name in names}
        with processes["fastapi_service"], processes["recordings_worker"], processes["conductor"]:
            url, key = f"http://127.0.0.1:{port}", {"Authorization": "Bearer mine"}
            with httpx.Client(base_url=url, headers=key, timeout=PATIENCE) as api, redis.from_url(server.url) as store:
                eventually(lambda: _answers(api))
                yield Place(api, receiver, store, processes, environ)


def _answers(api: httpx.Client) -> bool:
    try:
        return api.get("/health/live").status_code == 200
    except httpx.TransportError as error:
        raise AssertionError(error) from error


def test_every_end_is_told_signed_as_the_job_says_it(place: Place) -> None:
    jobs = {
        "completed": place.send("/completed", reference="order 7"),
        "failed": place.send("/failed", NOT_A_RECORDING),
        "cancelled": place.cancel("/cancelled"),
    }
    for status, job in jobs.items():
        (heard,) = place.receiver.wait_for(f"/{status}", which=lambda h, s=status: h.said["job"]["status"] == s)
        for secret in (SECRET, OLD):
            assert Webhook(secret).verify(heard.body, heard.headers) == heard.said
        assert heard.headers["content-type"] == "application/json" and heard.headers["webhook-id"] == heard.said["id"]
        assert heard.said["type"] == f"job.{status}" and heard.said["job"]["id"] == job
        told = place.api.get(f"/v1/jobs/{job}").json()
        assert heard.said["job"] == told and heard.said["created_at"] == told["ended_at"]
        result = told["links"]["result"] if status == "completed" else None
        assert heard.said["result"] == result
        assert result is None or place.api.get(result).status_code == 200
        assert len(place.receiver.at(f"/{status}")) == 1
    eventually(lambda: place.store.zcard(keys.WEBHOOKS) == 0 and not place.store.keys("webhook:*"))


def test_after_a_failure_the_same_again(place: Place) -> None:
    place.receiver.answers["/shaky"] = [(500, {}), (200, {})]
    place.cancel("/shaky")
    first, second = place.receiver.wait_for("/shaky", 2)
    assert first.body == second.body and first.headers["webhook-id"] == second.headers["webhook-id"]
    Webhook(SECRET).verify(second.body, second.headers)
    place.processes["conductor"].wait_for("again_in=")
    eventually(lambda: place.store.zcard(keys.WEBHOOKS) == 0)
    assert place.dead() == {}


def test_gone_for_good_is_a_dead_letter_that_can_be_replayed(place: Place) -> None:
    place.receiver.answers["/gone?key=T0KEN"] = [(410, {}), (302, {"Location": place.receiver.url("/new")}), (200, {})]
    job = place.cancel("/gone?key=T0KEN")
    ((entry, fields),) = (eventually(place.dead) or {}).items()
    assert b"410" in fields[b"reason"] and fields[b"tries"] == b"1"
    listed = place.command("list")
    assert listed.returncode == 0 and listed.stdout.startswith("0 due, 1 given up\n")
    assert listed.stdout.splitlines()[2].split(maxsplit=7)[2:] == [
        *(fields[b"event"].decode(), job, "cancelled", place.receiver.place, "1"),
        "answered 410: gone for good",
    ]
    # it may have been erased meanwhile
    assert place.api.delete(f"/v1/jobs/{job}").status_code in (200, 204)
    assert place.command("replay", entry.decode()).returncode == 0
    place.receiver.wait_for("/gone?key=T0KEN", 2)
    ((again, fields),) = (eventually(place.dead) or {}).items()
    assert again != entry and b"redirects are not followed" in fields[b"reason"]
    assert place.receiver.at("/new") == []
    assert place.command("replay", "--all").returncode == 0
    heard = place.receiver.wait_for("/gone?key=T0KEN", 3)
    assert {each.headers["webhook-id"] for each in heard} == {fields[b"event"].decode()}
    eventually(lambda: place.store.zcard(keys.WEBHOOKS) == 0)
    assert place.dead() == {} and place.command("list").stdout == "0 due, 0 given up\n"
    for arguments in (("replay", entry.decode()), ("drop", "nonsense")):
        refused = place.command(*arguments)
        assert refused.returncode == 1 and "no such webhook" in refused.stderr
    assert "T0KEN" not in place.processes["conductor"].output


def test_a_conductor_that_is_killed_in_the_middle_loses_nothing(place: Place) -> None:
    conductor, waiting = place.processes["conductor"], threading.Event()
    place.receiver.answers["/killed"] = [waiting, (200, {})]
    place.cancel("/killed")
    (first,) = place.receiver.wait_for("/killed")
    conductor.kill()
    waiting.set()
    assert place.store.zcard(keys.WEBHOOKS) == 1
    conductor.start()
    _, second = place.receiver.wait_for("/killed", 2)
    assert first.body == second.body and first.headers["webhook-id"] == second.headers["webhook-id"]
    eventually(lambda: place.store.zcard(keys.WEBHOOKS) == 0)


def test_slow_receivers_hold_up_neither_another_webhook_nor_another_job(place: Place) -> None:
    waiting = threading.Event()
    with Receiver() as other:  # at another port, which is not allowed
        refused = place.api.post("/v1/jobs", files={"file": silence()}, data={"webhook": other.url("/")})
        assert (refused.status_code, refused.json()["error"]["field"]) == (422, "webhook")
    place.receiver.answers["/slow"] = [waiting]
    for _ in range(3):
        place.cancel("/slow")
    place.receiver.wait_for("/slow", 3)
    job = place.send("/quick")
    place.receiver.wait_for("/quick")
    assert place.api.get(f"/v1/jobs/{job}").json()["status"] == "completed"
    waiting.set()
    eventually(lambda: place.store.zcard(keys.WEBHOOKS) == 0)


@pytest.mark.parametrize(
    ("webhook", "words"),
    [
        ("https://hooks.example.com/", "not allowed here"),
        ("http://user:secret@127.0.0.1/", "no user or password"),
        ("file:///etc/passwd", "begins with https://"),
    ],
)
@pytest.mark.parametrize("way", ["form", "query", "take"])
def test_what_is_not_allowed_is_refused_in_words(place: Place, way: str, webhook: str, words: str) -> None:
    options: dict[str, Any] = {"webhook": webhook}
    kept = set(Path(place.environ["STORAGE_URL"]).glob("job-*"))
    if way == "query":
        answer = place.api.post("/v1/jobs", params=options, content=silence())
    else:
        path = "/v1/jobs" if way == "form" else "/tokens/line-1/upload-audio"
        answer = place.api.post(path, files={"file": silence()}, data=options)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "webhook_refused", "webhook")
    assert words in error["message"] and set(Path(place.environ["STORAGE_URL"]).glob("job-*")) <= kept


@pytest.mark.parametrize(
    ("name", "settings"),
    [("fastapi_service", {"WEBHOOK_SECRET": ""}), ("conductor", {"WEBHOOK_HOSTS": "http://a.example"})],
)
def test_settings_that_will_not_do_end_the_start(
    place: Place, tmp_path: Path, name: str, settings: dict[str, str]
) -> None:
    process = Process(name, procfile.lines()[name], tmp_path, place.environ | {"PORT": "0"} | settings)
    with process:
        assert process.wait() == 1
    assert next(iter(settings)) in process.output and "Traceback" not in process.output
