"""Following a recording's job to its end, with a Redis that goes away and a storage that has lost something."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from contracts import codec, keys
from contracts.job_messages import COMPLETED, RUNNING, Ended, Progress
from fastapi_service.recordings import exports, result, steps
from fastapi_service.recordings.job import Job
from fastapi_service.recordings.names import result_name
from fastapi_service.recordings.storage import Storage, open_storage
from tests.eventually import PATIENCE
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway

JOB = "job-1"


@pytest.fixture
def store(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    """With one job."""
    with redis.from_url(redis_server.url) as client:
        client.eval(*steps.submit(Job(JOB, "a.wav", 1, "", 1.0), "same", "", 10).call)
        yield client


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage(str(tmp_path / "kept"))


@pytest.fixture
def api(redis_server: RedisServer, tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        RunningGateway(redis_server.url, storage_url=str(tmp_path / "kept")) as gateway,
        httpx.Client(base_url=gateway.url, timeout=PATIENCE) as client,
    ):
        yield client


def told(lines: Iterator[str]) -> dict[str, Any]:
    """The data of the next event."""
    return next(json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


def complete(store: "redis.Redis") -> None:
    assert store.eval(*steps.end(Ended(JOB, COMPLETED), 60).call) == b"completed"


@pytest.mark.parametrize("path", [f"/v1/jobs/{JOB}/events", f"/tokens/analysis-progress/{JOB}"])
def test_who_follows_goes_on_after_redis_was_away(
    redis_server: RedisServer, store: "redis.Redis", storage: Storage, api: httpx.Client, path: str
) -> None:
    storage.put(result_name(JOB), codec.dumps(result.build([], result.Facts(1.0, "a"))).encode())
    with api.stream("GET", path) as answer:
        lines = answer.iter_lines()
        assert told(lines)["status"] == "queued"
        redis_server.kill()
        redis_server.start()
        store.eval(*steps.submit(Job(JOB, "a.wav", 1, "", 1.0), "same", "", 10).call)  # if it was lost
        store.eval(*steps.note(Progress(JOB, RUNNING, "prepare", 5, "on")).call)
        while (event := told(lines))["status"] == "queued":
            continue
        assert (event["status"], event["progress"]) == (RUNNING, 5)
        complete(store)
        assert told(lines)["status"] == COMPLETED


def test_an_event_that_cannot_be_read_is_left_out(
    store: "redis.Redis", api: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    seq = store.hincrby(keys.session(JOB), "seq", 1)
    store.xadd(keys.events(JOB), {"body": json.dumps({"type": "of tomorrow", "text": "words"})}, f"{seq}-0")
    complete(store)
    with api.stream("GET", f"/v1/jobs/{JOB}/events") as answer:
        *_, end = [line for line in answer.iter_lines() if line.startswith("event: ")]
    assert end == f"event: {COMPLETED}"
    (record,) = [record for record in caplog.records if "cannot be read" in record.message]
    assert (record.job, record.seq) == (JOB, seq)  # type: ignore[attr-defined]
    assert "words" not in caplog.text


def test_a_stream_whose_result_is_lost_ends_in_words(store: "redis.Redis", storage: Storage, api: httpx.Client) -> None:
    storage.check()
    complete(store)
    with api.stream("GET", f"/tokens/analysis-progress/{JOB}") as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert (events[-1]["status"], events[-1]["result"]) == (COMPLETED, None)
    assert "not in the storage" in events[-1]["error"]


def test_a_result_is_given_out_as_it_is_stored(store: "redis.Redis", storage: Storage, api: httpx.Client) -> None:
    made = result.build([], result.Facts(1.0, "a"))
    storage.put(result_name(JOB), codec.dumps(made).encode())
    complete(store)
    for form in exports.FORMS:
        answer = api.get(f"/v1/jobs/{JOB}/result", params={"format": form})
        assert answer.content == exports.export(made, form)
        assert answer.headers["content-type"] == exports.FORMS[form].media_type
        assert answer.headers["cache-control"] == "no-store"


def test_what_is_sent_again_after_its_result_was_lost_is_another_job(
    store: "redis.Redis", storage: Storage, api: httpx.Client
) -> None:
    storage.check()
    complete(store)
    submit = steps.submit(Job("job-2", "a.wav", 1, "", 1.0), "same", "", 10).call
    assert store.eval(*submit) == [b"same", JOB.encode()]
    answer = api.get(f"/v1/jobs/{JOB}/result")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert store.eval(*submit) == [b"new", b"job-2"]
