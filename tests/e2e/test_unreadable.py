"""Jobs whose record in Redis this version cannot read: they stop nobody else, are told of, and can be erased."""

import itertools
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import redis

from contracts import keys
from contracts.job_messages import CANCELLED, COMPLETED, FAILED, Ended
from fastapi_service.recordings import advance, steps
from fastapi_service.recordings.names import pcm_name
from listener_service import reading
from tests.e2e.test_conductor import Play, Scene, play
from tests.e2e.test_recorder_recordings import run
from tests.eventually import PATIENCE
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway
from tests.traces import Traces

__all__ = ["play"]

COUNTER = itertools.count()
SECRET = "a word of its sender"
DAMAGES = {
    "no JSON": {"record": '{"id": "job-'},
    "no UTF-8": {"record": b"\xff\xfe"},
    "another version's": {"record": json.dumps({"id": 7, "titles": [SECRET], "name": SECRET})},
    "another kind of field": {"record": json.dumps({"id": "a", "bytes": SECRET})},
    "a problem in another form": {"status": "failed", "problem": json.dumps({"codes": [SECRET]})},
    "no number": {"progress": SECRET},
    "an endless number": {"seconds": "inf"},
    "a status of odd bytes": {"status": b"\xff"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def gateway(server: RedisServer, folder: Path) -> Iterator[RunningGateway]:
    with RunningGateway(server.url, storage_url=str(folder)) as running:
        yield running


@pytest.fixture
def store(server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.from_url(server.url) as client:
        client.flushall()
        yield client


Client = Callable[[str | None], httpx.Client]


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[Client]:
    made: list[httpx.Client] = []

    def make(secret: str | None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        made.append(httpx.Client(base_url=gateway.url, headers=headers, timeout=PATIENCE))
        return made[-1]

    yield make
    for each in made:
        each.close()


def sent(api: httpx.Client, content: bytes = b"", **headers: str) -> str:
    answer = api.post("/v1/jobs", content=content or b"sound %d" % next(COUNTER), headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def breaks(store: "redis.Redis", job: str, damage: str = "no JSON") -> None:
    store.hset(keys.job(job), mapping=DAMAGES[damage])


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_others_are_listed_and_it_can_be_erased(
    store: "redis.Redis", folder: Path, client: Client, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    api = client("mine")
    first, bad, last = sent(api), sent(api), sent(api)
    breaks(store, bad, damage)
    for _ in range(3):
        listed = api.get("/v1/jobs").json()
        assert ([job["id"] for job in listed["jobs"]], listed["unreadable"]) == ([last, first], [bad])
        for path in ("", "/events", "/result"):
            refused = api.get(f"/v1/jobs/{bad}{path}")
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "unreadable")
            assert "DELETE" in refused.json()["error"]["message"] and SECRET not in refused.text
    for path in ("analysis-progress", "analysis-result"):
        assert api.get(f"/tokens/{path}/{bad}").status_code == 409
    assert sum(reading.read(store).jobs.values()) == 3
    assert [(record.levelno, vars(record)["job"]) for record in caplog.records if "read" in record.getMessage()] == [
        (logging.ERROR, bad)
    ]
    assert SECRET not in str([vars(record) for record in caplog.records])
    for stranger in (client("other"), client(None)):
        assert [stranger.request(method, f"/v1/jobs/{bad}").status_code for method in ("GET", "DELETE")] == [404] * 2
    assert api.delete(f"/v1/jobs/{bad}").status_code == 204
    assert Traces(store, folder).of(bad) == []
    assert api.get("/v1/jobs").json()["unreadable"] == [] and api.get(f"/v1/jobs/{bad}").status_code == 404


def test_one_of_nobody_and_one_that_does_not_say_whose(store: "redis.Redis", client: Client) -> None:
    nobody, api = client(None), client("mine")
    loose, old = sent(nobody), sent(api)
    breaks(store, loose)
    breaks(store, old)
    store.hdel(keys.job(old), "owner")
    for asks, job in ((nobody, old), (client("other"), old)):
        assert asks.get(f"/v1/jobs/{job}").status_code == 404
    for asks, job in ((nobody, loose), (api, old)):
        assert asks.get(f"/v1/jobs/{job}").status_code == 409
        assert asks.delete(f"/v1/jobs/{job}").status_code == 204
    assert not store.keys("job:*") and not store.zcard(keys.JOBS)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "order 7"}], ids=["alone", "with a key"])
def test_the_same_sent_again_is_another_job(store: "redis.Redis", client: Client, headers: dict[str, str]) -> None:
    api = client("mine")
    bad = sent(api, b"the same", **headers)
    breaks(store, bad)
    good = sent(api, b"the same", **headers)
    again = api.post("/v1/jobs", content=b"the same", headers=headers)
    assert (again.status_code, again.json()["id"]) == (200, good) and good != bad


@pytest.mark.parametrize("path", ["/v1/jobs/{}/events", "/tokens/analysis-progress/{}"])
def test_who_follows_it_is_told_when_he_comes_again(store: "redis.Redis", client: Client, path: str) -> None:
    api = client("mine")
    bad = sent(api)
    with api.stream("GET", path.format(bad)) as answer:
        lines = answer.iter_lines()
        while not next(lines).startswith("data: "):
            continue
        breaks(store, bad)
        assert not [line for line in lines if line.startswith("data: ")]
    assert api.get(path.format(bad)).status_code == 409


def test_the_command_line_names_it_and_erases_it(store: "redis.Redis", gateway: RunningGateway, client: Client) -> None:
    api = client("mine")
    bad, good = sent(api), sent(api)
    breaks(store, bad)
    shown = run(gateway.url, "jobs", token="mine")
    assert good in shown.stdout and bad not in shown.stdout and f"cancel --erase {bad}" in shown.stderr
    refused = run(gateway.url, "cancel", bad, token="mine")
    assert refused.returncode == 1 and "cannot be read" in refused.stderr
    assert run(gateway.url, "cancel", "--erase", bad, token="mine").returncode == 0
    assert not store.exists(keys.job(bad))


def test_the_conductor_goes_on_with_the_others_and_gives_it_up(
    play: Play, store: "redis.Redis", tmp_path: Path
) -> None:
    async def scenario(scene: Scene) -> None:
        bad, other = scene.job("bad", 2, owner="me"), scene.job("other", 3)
        breaks(store, bad)
        await scene.until(lambda: scene.status(bad) == FAILED and scene.status(other) == COMPLETED, other)
        assert advance.UNREADABLE in scene.problem(bad)
        assert store.zrange(keys.jobs_of("me"), 0, -1) == [bad.encode()]
        store.hset(keys.job(bad), "expires", 1)
        store.zadd(keys.JOBS, {bad: 1})
        await scene.until(lambda: not store.exists(keys.job(bad)))
        assert Traces(store, tmp_path).of(bad) == [] and not store.exists(keys.jobs_of("me"))

    play(scenario)


def test_one_that_is_over_loses_its_sound(play: Play, store: "redis.Redis", tmp_path: Path) -> None:
    async def scenario(scene: Scene) -> None:
        jobs = scene.job("cancelled", 1), scene.job("completed", 1)
        for job, status in zip(jobs, (CANCELLED, COMPLETED), strict=True):
            store.eval(*steps.end(Ended(job, status), 60).call)
            breaks(store, job)
        await scene.until(lambda: [store.hget(keys.job(job), "cleaned") for job in jobs] == [b"1"] * 2)
        assert not any((tmp_path / pcm_name(job)).exists() for job in jobs)
        assert [scene.status(job) for job in jobs] == [CANCELLED, COMPLETED]

    play(scenario)
