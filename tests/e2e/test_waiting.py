"""What waits by the ledger, for queues that nobody can look into, on a real Redis."""

import asyncio
import time

import redis
from redis.asyncio import Redis

from contracts import codec, keys, ledger, waiting
from contracts.commit import commit
from contracts.messages import TranscribeTask, Transcript
from contracts.names import ANALYZER_JOB_QUEUE, ANALYZER_QUEUE, JOB_PREFIX, JOB_QUEUE, STT_JOB_QUEUE, STT_QUEUE
from contracts.waiting import Waiting
from fastapi_service import backlog
from fastapi_service.backlog import Backlog
from listener_service import reading
from tests.eventually import PATIENCE
from tests.processes import RedisServer

LIVE, RECORDED = "a-b_c", f"{JOB_PREFIX}1"


def accept(client: "redis.Redis", session: str, number: int, seconds_ago: float) -> None:
    client.eval(*ledger.open_session(session, "secret", "gateway", 1.0).call)
    task = TranscribeTask(session, number, end=1.0, trace="t", accepted_at=time.time() - seconds_ago)
    client.eval(*ledger.accept(task, b"pcm", "gateway", number).call)


def understand(client: "redis.Redis", session: str, number: int, text: str = "hi") -> None:
    commit(client, Transcript(session, number, 0.0, 1.0, text, "en", 0.9, 0.8, "engine", "model", at=time.time() - 40))


def look(client: "redis.Redis", most: int = waiting.MOST) -> Waiting:
    return waiting.told(client.eval(*waiting.look(most).call))


def test_what_waits_is_counted_by_queue_with_its_age(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        empty = dict.fromkeys((STT_QUEUE, ANALYZER_QUEUE, STT_JOB_QUEUE, ANALYZER_JOB_QUEUE, JOB_QUEUE), (0, None))
        assert look(client) == Waiting(empty)
        for number, seconds_ago in enumerate((30.0, 70.0, 5.0, 50.0), start=1):
            accept(client, LIVE, number, seconds_ago)
        accept(client, RECORDED, 1, 100.0)
        client.eval(*ledger.begin(LIVE, 3, "stt", "worker").call)
        understand(client, LIVE, 4, 'he said "at":7')
        client.hset(keys.segment(RECORDED, 0), mapping={"stage": "prepare", "request": "{}"})
        client.zadd(keys.PENDING, {keys.member(RECORDED, 0): 1, "nobody's": 1})
        seen = look(client)
        lengths = {queue: length for queue, (length, _) in seen.queues.items()}
        assert lengths == {STT_QUEUE: 2, ANALYZER_QUEUE: 1, STT_JOB_QUEUE: 1, ANALYZER_JOB_QUEUE: 0, JOB_QUEUE: 1}
        assert seen.held == 1 and seen.queues[JOB_QUEUE] == (1, None)
        for queue, at_least in ((STT_QUEUE, 70), (ANALYZER_QUEUE, 40), (STT_JOB_QUEUE, 100)):
            assert at_least <= (seen.queues[queue][1] or 0) < at_least + PATIENCE
        client.zadd(keys.PENDING, {keys.member(LIVE, 3): 2})
        assert look(client).held == 0  # its time is up


def test_of_very_many_both_ends_are_looked_at(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        for number in range(1, 12):
            accept(client, LIVE, number, 100.0 - number)
            client.zadd(keys.PENDING, {keys.member(LIVE, number): number})
        length, oldest = look(client, 4).queues[STT_QUEUE]
        assert length == 4 and 99 <= (oldest or 0) < 99 + PATIENCE
        assert [look(client, most).queues[STT_QUEUE][0] for most in (10, 12, 22, 100)] == [10, 11, 11, 11]


def test_the_gateway_and_the_exporter_go_by_it(redis_server: RedisServer) -> None:
    async def read() -> Backlog:
        async with Redis.from_url(redis_server.url) as client:
            return await backlog.read(client, time.time(), elsewhere=True)

    with redis.Redis.from_url(redis_server.url) as client:
        accept(client, LIVE, 1, 50.0)
        accept(client, LIVE, 2, 20.0)
        client.eval(*ledger.begin(LIVE, 2, "stt", "worker").call)
        seen, told = asyncio.run(read()), reading.read(client, elsewhere=True)
        assert seen.queues[STT_QUEUE].length == 1 and 50 <= seen.oldest(STT_QUEUE) < 50 + PATIENCE
        assert (seen.pending, seen.dead_letters) == (2, 0) and seen.memory
        assert told.queues[STT_QUEUE].length == 1 and (told.queues[STT_QUEUE].oldest or 0) >= 50
        assert told.queues[ANALYZER_QUEUE] == reading.Queue(0, 0.0)
        assert (told.unacked, told.unacked_oldest, told.pending) == (1, None, 2) and told.memory
        assert codec.loads(client.hget(keys.segment(LIVE, 1), "request") or b"", TranscribeTask).utterance == 1
