"""The conductor in this process, on a real Redis and a real folder, with a test that plays the workers."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from celery import Celery

from contracts import connect, keys
from contracts.broker import celery_settings
from contracts.commit import bury, commit
from contracts.job_messages import COMPLETED, FAILED, RUNNING, Ended
from contracts.messages import Error, Result, Sentiment, Transcript
from fastapi_service.dispatch import Dispatch
from fastapi_service.recordings import advance, steps
from fastapi_service.recordings.acts import Acts
from fastapi_service.recordings.advance import Rules
from fastapi_service.recordings.book import Book
from fastapi_service.recordings.conductor import Conductor
from fastapi_service.recordings.folder import Folder
from fastapi_service.recordings.job import Chunk, Job, Options
from fastapi_service.recordings.names import pcm_name
from fastapi_service.recordings.storage import Storage
from fastapi_service.recordings.storage_errors import StorageAway
from listener_service.letters import Letters
from tests.eventually import PATIENCE
from tests.processes import RedisServer

CHUNK = 1_600
QUICK = Rules(look_ms=20, trouble_seconds=0.0)


class Place(Folder):
    """A folder that does not answer for some jobs, or refuses them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.hangs: str | None = None
        self.away: str | None = None
        self.goes_on = threading.Event()

    def read(self, name: str, start: int, end: int | None) -> bytes:
        if self.hangs and name.startswith(self.hangs):
            self.goes_on.wait(PATIENCE)
        self._refuse(name)
        return super().read(name, start, end)

    def sink(self, name: str):
        self._refuse(name)
        return super().sink(name)

    def _refuse(self, name: str) -> None:
        if self.away and name.startswith(self.away):
            raise StorageAway("away")


class Scene:
    """`look` is one turn of the conductor."""

    def __init__(self, store: "redis.Redis", book: Book, place: Place, conductor: Conductor) -> None:
        self.store = store
        self.book = book
        self.place = place
        self.look = conductor

    def job(self, name: str, chunks: int, **about: object) -> str:
        """A job that is decoded and cut."""
        job = Job(f"job-{name}", "a.wav", 1, name, 1.0, Options(language="en"), **about)
        self.store.eval(*steps.submit(job, name, "", 100).call)
        Storage(self.place).put(pcm_name(job.id), bytes(2 * CHUNK * chunks))
        self.cut(job.id, chunks)
        return job.id

    def cut(self, job_id: str, chunks: int) -> None:
        found = {n: Chunk((n - 1) * CHUNK, n * CHUNK, CHUNK) for n in range(1, chunks + 1)}
        self.store.eval(*steps.chunks(job_id, 1.0, found).call)
        self.store.eval(*steps.prepared(job_id, 1.0, chunks).call)

    def work(self, job_id: str) -> None:
        """As the workers: every open chunk gets its result."""
        for number in sorted(map(int, self.store.smembers(keys.open_utterances(job_id)))):
            commit(self.store, Transcript(job_id, number, 0.0, 1.0, "hi", "en", 0.9, 0.8, "engine", "model"))
            judged = Sentiment("POSITIVE", 0.9, {}, "m")
            commit(self.store, Result(job_id, number, 0.0, 1.0, "hi", "en", 0.8, judged, "engine", "model"))

    def status(self, job_id: str) -> str:
        return (self.store.hget(keys.job(job_id), "status") or b"").decode()

    def problem(self, job_id: str) -> str:
        return (self.store.hget(keys.job(job_id), "problem") or b"").decode()

    async def until(self, true: Callable[[], object], *working: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await self.look()
                for job_id in working:
                    self.work(job_id)
                await asyncio.sleep(0.01)


Play = Callable[[Callable[[Scene], Awaitable[None]]], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def store(server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.from_url(server.url) as client:
        client.flushall()
        yield client


@asynccontextmanager
async def conducting(server: RedisServer, store: "redis.Redis", folder: Path) -> AsyncIterator[Scene]:
    client, place = connect.connect_async(server.url), Place(folder)
    celery = Celery("test", set_as_current=False)
    celery.conf.update(celery_settings(server.url))
    with ThreadPoolExecutor(1) as threads:
        book, dispatch = Book(client), Dispatch(client, celery, threads)
        conductor = Conductor(book, Acts(book, Storage(place), dispatch, 3600), "test", QUICK)
        try:
            yield Scene(store, book, place, conductor)
        finally:
            place.goes_on.set()
            await conductor.close()
            await dispatch.close()
            await client.aclose()
            celery.close()


@pytest.fixture
def play(server: RedisServer, store: "redis.Redis", tmp_path: Path) -> Iterator[Play]:
    """Plays a scenario, without pauses between looks."""

    async def run(scenario: Callable[[Scene], Awaitable[None]]) -> None:
        async with conducting(server, store, tmp_path) as scene:
            await scenario(scene)

    yield lambda scenario: asyncio.run(run(scenario))


def test_a_storage_that_does_not_answer_for_one_job_holds_up_no_other(play: Play, store: "redis.Redis") -> None:
    async def scenario(scene: Scene) -> None:
        slow, other = scene.job("slow", 2), scene.job("other", 20)
        scene.place.hangs = slow
        await scene.until(lambda: scene.status(other) == COMPLETED, other)
        assert scene.status(slow) == RUNNING
        scene.place.goes_on.set()
        await scene.until(lambda: scene.status(slow) == COMPLETED, slow)

    play(scenario)


def test_a_job_that_nobody_foresaw_fails_alone(play: Play, store: "redis.Redis") -> None:
    async def scenario(scene: Scene) -> None:
        bad, other = scene.job("bad", 2), scene.job("other", 3)
        store.hset(keys.job_chunks(bad), "1", "nonsense")
        await scene.until(lambda: scene.status(bad) == FAILED and scene.status(other) == COMPLETED, other)
        assert advance.INTERNAL in scene.problem(bad)
        events = store.xlen(keys.events(bad))
        await scene.until(lambda: store.zscore(keys.JOBS, bad) > 1000 * float(store.time()[0] + 600))
        assert (scene.status(bad), store.xlen(keys.events(bad))) == (FAILED, events)

    play(scenario)


def test_a_merge_that_waits_for_the_storage_says_so_once(play: Play, store: "redis.Redis") -> None:
    async def scenario(scene: Scene) -> None:
        job = scene.job("one", 3)
        await scene.until(lambda: store.hget(keys.session(job), "utterances") == b"3", job)
        scene.place.away = job
        await scene.until(lambda: b"storage" in store.hget(keys.job(job), "message"), job)
        events, seen = store.xlen(keys.events(job)), []
        await scene.until(lambda: seen.append(0) or len(seen) > 20)
        assert store.xlen(keys.events(job)) == events
        assert store.hmget(keys.job(job), "stage", "progress") == [b"merge", b"99"]
        scene.place.away = None
        await scene.until(lambda: scene.status(job) == COMPLETED)

    play(scenario)


def test_a_result_is_whole_or_none(play: Play, store: "redis.Redis") -> None:
    async def scenario(scene: Scene) -> None:
        part, all_of_it, uncut = (scene.job(name, 3) for name in ("part", "all", "uncut"))
        await scene.until(lambda: store.hget(keys.session(part), "utterances") == b"3")
        scene.work(part)
        store.xtrim(keys.events(part), maxlen=2, approximate=False)
        store.delete(keys.session(all_of_it), keys.events(all_of_it), keys.job_chunks(all_of_it))
        store.hset(keys.job(uncut), "cut", 0)
        jobs = (part, all_of_it, uncut)
        await scene.until(lambda: [scene.status(job) for job in jobs] == [FAILED] * 3)
        assert all(advance.LOST in scene.problem(job) for job in jobs)

    play(scenario)


def test_a_dead_letter_brings_a_failed_job_back(play: Play, store: "redis.Redis") -> None:
    async def scenario(scene: Scene) -> None:
        job = scene.job("one", 3)
        await scene.until(lambda: store.scard(keys.open_utterances(job)) == 3)
        bury(store, Error(job, "gave_up", "tried three times", stage="stt", utterance=2))
        scene.work(job)
        await scene.until(lambda: scene.status(job) == FAILED)
        letters = Letters(store)
        (letter,) = letters.all()
        assert letters.replay(letter) == "replayed"
        await scene.until(lambda: scene.status(job) == COMPLETED, job)
        assert (await scene.book.state(job)).progress == 100

    play(scenario)


def test_erased_jobs_take_no_workers_from_others(play: Play, store: "redis.Redis") -> None:
    async def scenario(scene: Scene) -> None:
        erased = [scene.job(f"erased{n}", 12, owner="me") for n in range(40)]
        await scene.until(lambda: all(store.scard(keys.open_utterances(job)) for job in erased))
        for job in erased:
            store.eval(*steps.end(Ended(job, FAILED), 60).call)
            store.eval(*steps.forget(job, "me").call)
        job = scene.job("one", 3)
        await scene.until(lambda: scene.status(job) == COMPLETED, job)

    play(scenario)
