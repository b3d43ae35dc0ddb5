"""Decoding in this process, with a Redis that is full and a job that is cancelled meanwhile."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import redis
import soundfile

from contracts import codec, keys, ledger
from contracts.job_messages import CANCELLED, Ended, PrepareTask
from contracts.names import PREPARE_STAGE
from fastapi_service.recordings import prepare, steps
from fastapi_service.recordings.job import Job
from fastapi_service.recordings.names import upload_name
from fastapi_service.recordings.prepare import Desk
from fastapi_service.recordings.rules import DecodeRules
from fastapi_service.recordings.storage import Storage, open_storage
from tests.fakes import LevelDetector
from tests.processes import RedisServer

TASK = PrepareTask("job-1", retry_seconds=600.0)


class Held:
    """A lease that is this worker's; `begun` is called after each beginning."""

    def __init__(self, store: "redis.Redis") -> None:
        self._store = store
        self.begun = lambda: None

    def begin(self, session: str, utterance: int) -> str:
        outcome = self._store.eval(*ledger.begin(session, utterance, PREPARE_STAGE, "worker").call)[0]
        self.begun()
        return str(outcome.decode())

    def put_off(self, session: str, utterance: int, seconds: float) -> str:
        return str(self._store.eval(*ledger.put_off(session, utterance, "worker", round(seconds * 1000)).call).decode())


@pytest.fixture
def store(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    """With one job."""
    with redis.from_url(redis_server.url) as client:
        client.eval(*steps.submit(Job("job-1", "a.wav", 1, "", 1.0), "same", "", 10).call)
        yield client


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """With its upload."""
    file = io.BytesIO()
    soundfile.write(file, np.ones(32_000, np.float32) / 2, 16_000, format="WAV")
    kept = open_storage(str(tmp_path / "kept"))
    kept.put(upload_name("job-1"), file.getvalue())
    return kept


@pytest.fixture
def desk(store: "redis.Redis", storage: Storage) -> Desk:
    return Desk(store, storage, Held(store), LevelDetector, DecodeRules())


def test_with_a_full_redis_it_is_tried_again_later_three_times(store: "redis.Redis", desk: Desk) -> None:
    store.config_set("maxmemory", 1)
    for _ in range(ledger.MOST_STARTS - 1):
        prepare.handle(desk, codec.encode(TASK))
        assert store.zscore(keys.PENDING, "job-1:0") > 1000 * (store.time()[0] + 300)
    prepare.handle(desk, codec.encode(TASK))
    assert not store.zcard(keys.PENDING)
    assert b"was full" in store.xrange("dead_letters")[0][1][b"reason"]


def test_of_a_job_that_is_cancelled_meanwhile_nothing_stays(
    store: "redis.Redis", storage: Storage, desk: Desk
) -> None:
    desk.lease.begun = lambda: store.eval(*steps.end(Ended("job-1", CANCELLED), 60).call)
    prepare.handle(desk, codec.encode(TASK))
    assert storage.jobs() == {}
    assert not store.exists(keys.job_chunks("job-1"))
