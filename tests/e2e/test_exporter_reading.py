"""What the exporter reads from a real Redis that real clients have written to."""

import math
import time
from collections.abc import Iterator

import pytest
import redis
from celery import Celery
from kombu import Connection

from contracts import codec, keys
from contracts.broker import HIDDEN, TRANSPORT_OPTIONS, celery_settings
from contracts.commit import bury, commit
from contracts.heartbeat import Pulse
from contracts.messages import AnalyzeTask, Error, Result, Sentiment, TranscribeTask, Transcript
from contracts.names import (
    ANALYZE_TASK,
    ANALYZER_JOB_QUEUE,
    ANALYZER_QUEUE,
    DEAD_LETTERS_STREAM,
    STT_QUEUE,
    TRANSCRIBE_TASK,
)
from listener_service import reading
from listener_service.reading import MISSING, QUEUES, Queue, Reading, read
from tests.accepted import SESSION, accept, lapse
from tests.eventually import eventually
from tests.processes import RedisServer

TRANSCRIPT = Transcript(SESSION, 1, 0.0, 1.0, "hi", "en", 0.9, 0.8, "engine", "model")
RESULT = Result(SESSION, 1, 0.0, 1.0, "hi", "en", 0.8, Sentiment("POSITIVE", 0.9, {}, "m"), "engine", "model")


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


def send(redis_server: RedisServer, queue: str, sent_at: float) -> None:
    """As the services send."""
    if queue == STT_QUEUE:
        name, task = TRANSCRIBE_TASK, codec.encode(TranscribeTask(SESSION, 1, sent_at=sent_at))
    else:
        name, task = ANALYZE_TASK, codec.encode(AnalyzeTask(TRANSCRIPT, sent_at=sent_at))
    with Celery(set_as_current=False) as celery:
        celery.conf.update(celery_settings(redis_server.url))
        celery.send_task(name, kwargs={"message": task}, queue=queue, **HIDDEN)


def test_of_an_empty_redis(client: "redis.Redis") -> None:
    empty = Reading(
        queues=dict.fromkeys(QUEUES, Queue(0, 0.0)),
        unacked=0,
        unacked_oldest=0.0,
        pending=0,
        overdue=0,
        overdue_seconds=0.0,
    )
    found = read(client)
    assert found.memory is not None and found.memory[0] > 0
    assert found == Reading(**vars(empty) | {"memory": found.memory})
    assert client.keys() == []


def test_what_waits_and_since_when(client: "redis.Redis", redis_server: RedisServer) -> None:
    sent_at = math.floor(time.time()) - 30
    send(redis_server, STT_QUEUE, sent_at)
    send(redis_server, STT_QUEUE, sent_at + 20)
    send(redis_server, ANALYZER_JOB_QUEUE, sent_at + 10)
    client.lpush(ANALYZER_QUEUE, "no message of Celery")
    queues = read(client).queues
    most = time.time() - sent_at
    assert queues[STT_QUEUE].length == 2 and 30 <= queues[STT_QUEUE].oldest <= most, "the first counts"
    assert queues[ANALYZER_JOB_QUEUE].length == 1 and 20 <= queues[ANALYZER_JOB_QUEUE].oldest <= most - 10
    assert queues[ANALYZER_QUEUE] == Queue(1, None)


def test_what_workers_have_taken(client: "redis.Redis", redis_server: RedisServer) -> None:
    send(redis_server, STT_QUEUE, time.time())
    with Connection(redis_server.url, transport_options=TRANSPORT_OPTIONS) as connection:
        with connection.SimpleQueue(STT_QUEUE) as queue:
            taken = queue.get()
            client.zadd(keys.UNACKED_INDEX, {client.zrange(keys.UNACKED_INDEX, 0, 0)[0]: time.time() - 7})
            found = read(client)
            taken.ack()
        assert (found.queues[STT_QUEUE].length, found.unacked) == (0, 1)
        assert found.unacked_oldest is not None and found.unacked_oldest >= 6.9
        assert read(client).unacked == 0


def test_what_is_accepted_overdue_given_up_and_done(client: "redis.Redis") -> None:
    accept(client, 1, 2, 3, 4)
    found = read(client)
    assert (found.pending, found.overdue) == (4, 4) and (found.overdue_seconds or 0) > 1e9
    client.zadd(keys.PENDING, {keys.member(SESSION, number): (time.time() + 3600) * 1000 for number in (1, 2, 3, 4)})
    found = read(client)
    assert (found.pending, found.overdue, found.overdue_seconds) == (4, 0, 0.0)
    commit(client, TRANSCRIPT)
    bury(client, Error(SESSION, "gave_up", "tried 3 times", utterance=1))
    for number in (2, 3):
        bury(client, Error(SESSION, "gave_up", "tried 3 times", utterance=number))
    commit(client, Result(**vars(RESULT) | {"utterance": 4}))
    found = read(client)
    assert (found.pending, found.results) == (0, 4)
    assert found.dead_letters == {"stt": 2, "analyzer": 1}
    client.xdel(DEAD_LETTERS_STREAM, client.xrange(DEAD_LETTERS_STREAM)[0][0])
    assert sum(read(client).dead_letters.values()) == 2


def test_processes_by_their_heartbeats(client: "redis.Redis") -> None:
    accept(client, 1)
    lapse(client)
    pulses = [Pulse(client, service) for service in ("stt_worker", "analyzer_worker")]
    pulses[0].say(state="ready")
    pulses[1].say(state="failed", reason="no model")
    client.sadd(keys.WORKERS, "stt_worker@gone-7", "newer@other-1")
    client.set(keys.heartbeat("newer@other-1"), "{}")
    assert read(client).processes == {
        ("stt_worker", "ready"): 1,
        ("analyzer_worker", "failed"): 1,
        ("stt_worker", MISSING): 1,
        ("newer", "unknown"): 1,
    }


def test_recordings_by_status(client: "redis.Redis") -> None:
    for number, status in enumerate(("queued", "running", "running", "completed")):
        client.hset(keys.job(f"job-{number}"), "status", status)
        client.zadd(keys.JOBS, {f"job-{number}": number})
    client.zadd(keys.JOBS, {"job-erased-just-now": 3.5})
    assert read(client).jobs == {"queued": 1, "running": 2, "completed": 1}
    assert read(client, most_jobs=3).jobs == {"queued": 1, "running": 2, reading.UNCOUNTED: 2}


def test_memory_and_what_redis_refuses_to_tell(client: "redis.Redis", redis_server: RedisServer) -> None:
    client.config_set("maxmemory", 64_000_000)
    for key in (STT_QUEUE, keys.PENDING, DEAD_LETTERS_STREAM, keys.JOBS, keys.UNACKED):
        client.set(key, "something else")
    found = read(client)
    assert found.memory is not None and 0 < found.memory[0] < found.memory[1] == 64_000_000
    assert STT_QUEUE not in found.queues and len(found.queues) == len(QUEUES) - 1
    assert (found.pending, found.overdue_seconds, found.unacked) == (None, None, None)
    redis_server.kill()
    with pytest.raises(redis.RedisError):
        eventually(lambda: read(client))
