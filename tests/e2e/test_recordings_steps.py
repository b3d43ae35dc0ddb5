"""A job's steps on a real Redis, where one comes too late, twice, or after another that forbids it."""

from collections.abc import Iterator

import pytest
import redis

from contracts import keys, ledger
from contracts.commit import bury, commit
from contracts.job_messages import CANCELLED, FAILED, RUNNING, Ended, Progress
from contracts.messages import Error, TranscribeTask
from fastapi_service.recordings import steps
from fastapi_service.recordings.job import Job
from tests.eventually import PATIENCE
from tests.processes import RedisServer

MANY_EVENTS = """
for seq = 2, tonumber(ARGV[1]) do redis.call('XADD', KEYS[1], seq .. '-0', 'body', '{}') end
redis.call('HSET', KEYS[2], 'seq', ARGV[1])
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def store(server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.from_url(server.url) as client:
        client.flushall()
        yield client


def test_what_a_conductor_is_about_to_add_to_a_cancelled_job_is_refused(store: "redis.Redis") -> None:
    store.eval(*steps.submit(Job("job-1", "a", 1, "", 1.0), "same", "", 10).call)
    assert store.eval(*steps.end(Ended("job-1", CANCELLED), 60).call) == b"cancelled"
    task = TranscribeTask("job-1", 1, audio_key=keys.audio("job-1", 1), end=1.0)
    assert store.eval(*ledger.accept(task, b"pcm", steps.OWNER, 1).call) == ledger.NOT_OWNER
    assert not store.zcard(keys.PENDING) and not store.exists(keys.audio("job-1", 1))


def test_what_is_left_of_an_erased_job_goes_with_the_next_event(store: "redis.Redis") -> None:
    job = Job("job-1", "a", 1, "", 1.0)
    store.eval(*steps.submit(job, "same", "", 10).call)
    task = TranscribeTask("job-1", 1, audio_key=keys.audio("job-1", 1), end=1.0)
    assert store.eval(*ledger.accept(task, b"pcm", steps.OWNER, 1).call) == ledger.ACCEPTED
    store.delete(keys.session("job-1"))
    assert bury(store, Error("job-1", "gave_up", "lost", stage="stt", utterance=1)) is None
    assert store.zrange(keys.PENDING, 0, -1) == [b"job-1:0"]
    assert not store.exists(keys.audio("job-1", 1), keys.segment("job-1", 1))


def test_a_job_that_is_asked_for_again_is_waited_for(store: "redis.Redis") -> None:
    def submit(name: str, idempotency: str = "key") -> tuple[bytes, bytes]:
        return tuple(store.eval(*steps.submit(Job(name, "a", 1, "", 1.0, awaited=True), "same", idempotency, 10).call))

    def ago() -> float:
        return float(store.time()[0]) - float(store.hget("job:job-1", "heard"))

    assert submit("job-1") == (b"new", b"job-1")
    for idempotency, outcome in (("key", b"again"), ("", b"same")):
        store.hset("job:job-1", "heard", 1)
        assert submit("job-2", idempotency) == (outcome, b"job-1")
        assert ago() < PATIENCE
    store.eval(*steps.end(Ended("job-1", CANCELLED), 60).call)
    assert submit("job-3") == (b"new", b"job-3")


def test_a_part_that_is_put_off_keeps_its_audio_until_then(store: "redis.Redis") -> None:
    store.eval(*steps.submit(Job("job-1", "a", 1, "", 1.0), "same", "", 10).call)
    task = TranscribeTask("job-1", 1, audio_key=keys.audio("job-1", 1), end=1.0)
    store.eval(*ledger.accept(task, b"pcm", steps.OWNER, 1).call)
    assert store.eval(*ledger.begin("job-1", 1, "stt", "worker").call)[0] == b"go"
    day = 24 * 3600
    assert store.eval(*ledger.put_off("job-1", 1, "worker", day * 1000).call) == b"go"
    assert min(store.ttl(keys.audio("job-1", 1)), store.ttl(keys.segment("job-1", 1))) >= day


def test_a_job_that_was_replayed_does_not_rest(store: "redis.Redis") -> None:
    store.eval(*steps.submit(Job("job-1", "a", 1, "", 1.0), "same", "", 10).call)
    store.eval(*steps.end(Ended("job-1", FAILED), 60).call)
    store.eval(*steps.reopen("job-1").call)
    before = store.zscore(keys.JOBS, "job-1")
    assert not store.eval(*steps.rest("job-1", int(before) + 60_000, False).call)
    assert store.zscore(keys.JOBS, "job-1") == before


def test_a_job_that_does_not_say_how_it_is_found_by_its_content_ends_all_the_same(store: "redis.Redis") -> None:
    store.eval(*steps.submit(Job("job-1", "a", 1, "", 1.0), "same", "", 10).call)
    store.hdel(keys.job("job-1"), "same")
    assert store.eval(*steps.end(Ended("job-1", FAILED), 60).call) == b"failed"
    assert store.hget(keys.job("job-1"), "status") == b"failed"


def test_stages_do_not_go_back(store: "redis.Redis") -> None:
    store.eval(*steps.submit(Job("job-1", "a", 1, "", 1.0), "same", "", 10).call)

    def note(stage: str, percent: int) -> int:
        return int(store.eval(*steps.note(Progress("job-1", RUNNING, stage, percent, "")).call))

    assert [note("prepare", 10), note("transcribe", 10), note("prepare", 10), note("transcribe", 9)] == [1, 1, 0, 0]


def test_no_event_of_a_long_recording_is_trimmed(store: "redis.Redis") -> None:
    store.eval(*steps.submit(Job("job-1", "a", 1, "", 1.0), "same", "", 10).call)
    many = keys.EVENTS_MAXLEN + 300
    store.eval(MANY_EVENTS, 2, keys.events("job-1"), keys.session("job-1"), many)
    assert commit(store, Error("job-1", "bad", "", stage="stt", utterance=1)) == many + 1
    assert store.xlen(keys.events("job-1")) == many + 1
