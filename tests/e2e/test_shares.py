"""What one caller may have of the places for recordings. A gateway and a Redis: nothing is worked on."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import redis

from contracts import keys
from contracts.job_messages import FAILED, Ended
from fastapi_service.recordings import steps
from tests.eventually import PATIENCE
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway
from tests.traces import Traces

ALL, SHARE = 8, 3
COUNTER = itertools.count()
PATHS = ["/v1/jobs", "/tokens/a/upload-audio"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("shares")) as running:
        yield running


@pytest.fixture
def store(server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.from_url(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def gateway(server: RedisServer, folder: Path) -> Iterator[RunningGateway]:
    bounds = {"max_jobs": ALL, "max_jobs_per_owner": SHARE}
    with RunningGateway(server.url, storage_url=str(folder), **bounds) as running:
        yield running


Send = Callable[..., httpx.Response]


@pytest.fixture
def send(store: "redis.Redis", gateway: RunningGateway) -> Send:
    """As the owner of a secret, or as nobody."""

    def sent(secret: str | None, content: bytes = b"", path: str = PATHS[0]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        body = {"file": ("a.wav", content or b"sound %d" % next(COUNTER))}
        return httpx.post(gateway.url + path, files=body, headers=headers, timeout=PATIENCE)

    return sent


def erase(gateway: RunningGateway, job: str, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.delete(f"{gateway.url}/v1/jobs/{job}", headers=headers, timeout=PATIENCE).status_code


def statuses(answers: list[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize("secret", ["greedy", None])
def test_at_once_one_caller_gets_its_share_and_others_theirs(
    send: Send, store: "redis.Redis", folder: Path, secret: str | None
) -> None:
    with ThreadPoolExecutor(ALL) as pool:
        answers = list(pool.map(lambda _: send(secret), range(ALL)))
    assert statuses(answers) == [202] * SHARE + [429] * (ALL - SHARE)
    assert store.zcard(keys.JOBS) == SHARE
    stored = {job.decode() for job in store.zrange(keys.JOBS, 0, -1)}
    assert {name.split("/")[0] for name in Traces(store, folder).files()} >= stored
    refused = next(answer for answer in answers if answer.status_code == 429)
    error = refused.json()["error"]
    assert (error["code"], refused.headers["retry-after"]) == ("share_full", "30")
    assert str(SHARE) in error["message"] and ("Authorization" in error["message"]) == (secret is None)
    assert statuses([send("other") for _ in range(SHARE)]) == [202] * SHARE
    assert [send(secret, path=path).status_code for path in PATHS] == [429, 429]


def test_beyond_the_shares_the_server_is_full(send: Send) -> None:
    assert statuses([send(name) for name in "abc" for _ in range(SHARE)]) == [202] * ALL + [429]
    assert send("somebody new").json()["error"]["code"] == "full"


def test_who_is_at_its_share_finds_what_is_here_and_erases_it(
    send: Send, store: "redis.Redis", gateway: RunningGateway
) -> None:
    contents = [b"mine %d" % number for number in range(SHARE)]
    jobs = [send("mine", content).json()["id"] for content in contents]
    again = send("mine", contents[0])
    assert (again.status_code, again.json()["id"]) == (200, jobs[0])
    assert send("mine").status_code == 429
    store.eval(*steps.end(Ended(jobs[0], FAILED), 60).call)
    assert send("mine").status_code == 429, "one that has ended is kept, too"
    assert erase(gateway, jobs[0], "mine") == 204
    assert [send("mine").status_code for _ in range(2)] == [202, 429]


def test_what_redis_has_lost_takes_no_place(send: Send, store: "redis.Redis") -> None:
    jobs = [send("mine").json()["id"] for _ in range(SHARE)]
    store.delete(keys.job(jobs[1]))
    assert [send("mine").status_code for _ in range(2)] == [202, 429]


def test_recordings_of_nobody_are_in_no_list_and_leave_nothing(
    send: Send, store: "redis.Redis", gateway: RunningGateway
) -> None:
    job = send(None).json()["id"]
    assert httpx.get(f"{gateway.url}/v1/jobs", timeout=PATIENCE).status_code == 401
    store.eval(*steps.end(Ended(job, FAILED), 60).call)
    assert erase(gateway, job, "whoever knows its id") == 204
    assert not store.exists(keys.jobs_of("")) and not store.zcard(keys.JOBS)
