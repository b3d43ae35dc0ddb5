"""Single sweeps on a real Redis, with real sends: what is sent again, what is let go on, what is given up."""

import json
import threading
from collections.abc import Iterator

import pytest
import redis
from celery import Celery

from contracts import codec, keys, ledger
from contracts.broker import celery_settings
from contracts.commit import commit
from contracts.messages import AnalyzeTask, Error, Result, Sentiment, TranscribeTask, Transcript
from contracts.names import ANALYZER_QUEUE, DEAD_LETTERS_STREAM, GAVE_UP, RESULTS_STREAM, STT_QUEUE, TRANSCRIBE_TASK
from listener_service.again import Sender
from listener_service.overdue import LONGEST_BACK_OFF_MS, Overdue
from listener_service.sweep import MOST_SENT, Sweep
from listener_service.underway import MOST_WAITING, InRedis, Unseen
from tests.accepted import SESSION, accept, begin, lapse, waiting
from tests.eventually import PATIENCE
from tests.processes import RedisServer

TRANSCRIPT = Transcript(SESSION, 1, 0.0, 1.0, "hi", "en", 0.9, 0.8, "engine", "model")
RESULT = Result(SESSION, 1, 0.0, 1.0, "hi", "en", 0.8, Sentiment("POSITIVE", 0.9, {}, "m"), "engine", "model")


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture
def celery(redis_server: RedisServer) -> Iterator[Celery]:
    with Celery(set_as_current=False) as celery:
        celery.conf.update(celery_settings(redis_server.url))
        yield celery


@pytest.fixture
def sweep(client: "redis.Redis", celery: Celery) -> Sweep:
    return Sweep(client, Overdue(client, "one"), Sender(celery), InRedis(client), threading.Event())


def now(client: "redis.Redis") -> int:
    """Milliseconds, as Redis counts them."""
    seconds, micros = client.time()
    return seconds * 1000 + micros // 1000


def deadline(client: "redis.Redis", number: int = 1) -> int:
    return int(client.zscore(keys.PENDING, keys.member(SESSION, number)) or 0)


def ends(client: "redis.Redis") -> list[Error]:
    return [codec.loads(fields[b"body"], Error) for _, fields in client.xrange(RESULTS_STREAM)]


def test_what_was_never_sent_is_sent_and_once(client: "redis.Redis", celery: Celery, sweep: Sweep) -> None:
    accept(client, 1)
    sweep()
    assert waiting(client) == [f"stt-{SESSION}:1"]
    lapse(client)
    before = now(client)
    sweep()
    assert waiting(client) == [f"stt-{SESSION}:1"]  # what merely waits is not sent again
    assert deadline(client) > before + 1000
    with celery.connection_for_read() as connection, connection.SimpleQueue(STT_QUEUE) as queue:
        message = queue.get(timeout=PATIENCE)
        (_, arguments, _) = message.payload
        task = codec.decode(arguments["message"], TranscribeTask)
        assert message.headers["task"] == TRANSCRIBE_TASK and message.headers["argsrepr"] == "-"
        assert (task.utterance, task.audio_key, task.trace, task.spoken_at) == (1, keys.audio(SESSION, 1), "t1", 5.0)
        lapse(client)
        sweep()
        assert waiting(client) == [] and client.hlen(keys.UNACKED) == 1  # nor what a worker has taken
        client.zadd(keys.UNACKED_INDEX, {tag: 1 for tag in client.hkeys(keys.UNACKED)}, xx=True)
        lapse(client)
        sweep()
        assert waiting(client) == [f"stt-{SESSION}:1"]  # but what everybody has forgotten


def test_the_analyzer_gets_its_transcript(client: "redis.Redis", celery: Celery, sweep: Sweep) -> None:
    accept(client, 1)
    commit(client, TRANSCRIPT)
    lapse(client)
    sweep()
    assert (waiting(client), waiting(client, ANALYZER_QUEUE)) == ([], [f"an-{SESSION}:1"])
    with celery.connection_for_read() as connection, connection.SimpleQueue(ANALYZER_QUEUE) as queue:
        (_, arguments, _) = queue.get(timeout=PATIENCE).payload
    task = codec.decode(arguments["message"], AnalyzeTask)
    assert (task.transcript.text, task.transcript.seq, task.spoken_at) == ("hi", 1, 5.0)


def test_what_is_in_time_or_closed_is_left_alone(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1)
    assert begin(client) == "go"
    sweep()
    assert waiting(client) == [] and client.hget(keys.segment(SESSION, 1), "holder") == b"worker-1"
    commit(client, RESULT)
    client.zadd(keys.PENDING, {keys.member(SESSION, 1): 1})
    sweep()
    assert waiting(client) == [] and client.zcard(keys.PENDING) == 0


def test_who_held_it_too_long_holds_it_no_more(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1)
    begin(client)
    lapse(client)
    sweep()
    assert waiting(client) == [f"stt-{SESSION}:1"]
    assert begin(client, holder="worker-2") == "go"


def test_each_time_it_waits_longer(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1)
    for wait_ms in (3000, 6000, 12_000, 24_000, 48_000, LONGEST_BACK_OFF_MS):
        lapse(client)
        before = now(client)
        sweep()
        client.delete(STT_QUEUE)
        assert before + wait_ms <= deadline(client) <= now(client) + wait_ms
    assert client.hget(keys.segment(SESSION, 1), "sends") == b"6"


def test_what_cannot_be_seen_is_sent_again_when_its_time_is_up_and_ever_more_rarely(
    client: "redis.Redis", celery: Celery
) -> None:
    """As with queues in SQS; what is in the queue here is what the workers would come to."""
    sight = Unseen()
    sweep = Sweep(client, Overdue(client, "one"), Sender(celery), sight, threading.Event())
    accept(client, 1)
    waits = [3000 * 2**times for times in range(10)]
    for wait_ms in [*waits, sight.longest_back_off_ms, sight.longest_back_off_ms]:
        lapse(client)
        before = now(client)
        sweep()
        assert before + wait_ms <= deadline(client) <= now(client) + wait_ms
        sweep()
    assert len(waiting(client)) == len(waits) + 2
    assert begin(client) == "go" and begin(client, holder="worker-2") == "held"
    sweep()
    assert len(waiting(client)) == len(waits) + 2  # it is in good hands
    lapse(client)
    sweep()
    assert len(waiting(client)) == len(waits) + 3 and begin(client, holder="worker-2") == "go"
    commit(client, RESULT)
    assert begin(client, holder="worker-3") == "done"
    assert 1000 * keys.AUDIO_TTL_SECONDS > sight.longest_back_off_ms


def test_no_more_than_so_many_at_a_time(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, *range(1, MOST_SENT + 11))
    sweep()
    assert len(waiting(client)) == MOST_SENT
    lapse(client)
    sweep()
    assert sorted(waiting(client)) == sorted(f"stt-{SESSION}:{number}" for number in range(1, MOST_SENT + 11))


def test_a_long_queue_explains_by_itself_why_something_waits(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1)
    client.rpush(STT_QUEUE, *[b"{}"] * (MOST_WAITING + 1))
    sweep()
    assert client.llen(STT_QUEUE) == MOST_WAITING + 1
    client.ltrim(STT_QUEUE, 0, MOST_WAITING - 1)
    lapse(client)
    sweep()
    assert waiting(client)[0] == f"stt-{SESSION}:1"


def test_three_starts_without_an_end(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1)
    for _ in range(ledger.MOST_STARTS):
        begin(client)
    lapse(client)
    sweep()
    (error,) = ends(client)
    assert (error.code, error.stage, error.utterance, error.start, error.end) == (GAVE_UP, "stt", 1, 1.0, 2.0)
    assert (error.trace, error.seq) == ("t1", 1) and "tried 3 times" in error.message
    ((_, letter),) = client.xrange(DEAD_LETTERS_STREAM)
    assert letter[b"member"] == f"{SESSION}:1".encode() and json.loads(letter[b"request"])["trace"] == "t1"
    assert client.get(keys.dead_audio(SESSION, 1)) == b"pcm" and client.zcard(keys.PENDING) == 0
    assert waiting(client) == []


def test_what_expired_ends_with_an_error(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1)
    client.delete(keys.segment(SESSION, 1), keys.audio(SESSION, 1))
    client.zadd(keys.PENDING, {"no utterance": 1, "": 1, "x:01": 1})
    sweep()
    (error,) = ends(client)
    assert (error.code, error.session, error.utterance) == (GAVE_UP, SESSION, 1) and "expired" in error.message
    assert client.zcard(keys.PENDING) == 0 and not client.exists(keys.open_utterances(SESSION))


def test_what_cannot_be_read_is_kept_and_holds_up_nothing(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1, 2, 3)
    client.hset(keys.segment(SESSION, 1), "request", "{}")
    client.delete(keys.segment(SESSION, 2))
    client.set(keys.segment(SESSION, 2), "not a hash")
    sweep()
    assert waiting(client) == [f"stt-{SESSION}:3"]
    (error,) = ends(client)
    assert error.utterance == 1 and client.xlen(DEAD_LETTERS_STREAM) == 1


def test_nothing_expires_that_is_looked_after(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1)
    commit(client, TRANSCRIPT)
    lapse(client)
    entry = [build(SESSION, 1) for build in (keys.segment, keys.audio)]
    entry += [build(SESSION) for build in (keys.open_utterances, keys.session, keys.events)]
    for key in entry:
        assert client.expire(key, 60)
    sweep()
    assert min(client.ttl(key) for key in entry) >= keys.AUDIO_TTL_SECONDS - 60


def test_a_full_memory_stops_nothing(client: "redis.Redis", sweep: Sweep) -> None:
    accept(client, 1, 2)
    client.delete(keys.segment(SESSION, 2))
    client.config_set("maxmemory", client.info("memory")["used_memory"] // 2)
    sweep()
    assert [error.utterance for error in ends(client)] == [2]
    assert waiting(client) == [f"stt-{SESSION}:1"]
