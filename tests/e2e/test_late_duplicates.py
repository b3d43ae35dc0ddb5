"""A task that comes again long after its utterance is done, when the marks of its commits have expired."""

from collections.abc import Iterator

import pytest
import redis

from contracts import keys, ledger
from contracts.commit import bury, commit
from contracts.messages import Error, Result, Sentiment, TranscribeTask, Transcript
from contracts.names import RESULTS_STREAM
from listener_service.letters import REPLAYED, Letters
from tests.processes import RedisServer

SPOKEN = TranscribeTask("ses", 1, audio_key=keys.audio("ses", 1), end=1.0)
TRANSCRIPT = Transcript("ses", 1, 0.0, 1.0, "hi", "en", 0.9, 0.8, "engine", "model")
RESULT = Result("ses", 1, 0.0, 1.0, "hi", "en", 0.8, Sentiment("POSITIVE", 0.9, {}, "m"), "engine", "model")
LATE = Error("ses", "audio_missing", "gone", stage="stt", utterance=1)


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    """A Redis with one accepted utterance."""
    with redis.Redis.from_url(redis_server.url) as connection:
        connection.eval(*ledger.open_session("ses", "secret", "gateway", 1.0).call)
        assert connection.eval(*ledger.accept(SPOKEN, b"pcm", "gateway", 16_000).call) == ledger.ACCEPTED
        yield connection


def an_hour_later(client: "redis.Redis") -> None:
    marks = client.keys("done:*")
    assert marks and all(0 < client.ttl(mark) <= 3600 for mark in marks)
    client.delete(*marks)


def begin(client: "redis.Redis", stage: str = "stt") -> str:
    return str(client.eval(*ledger.begin("ses", 1, stage, "worker").call)[0].decode())


def seen(client: "redis.Redis") -> tuple[object, ...]:
    return client.xrange(keys.events("ses")), client.xrange(RESULTS_STREAM), client.hgetall(keys.segment("ses", 1))


@pytest.mark.parametrize("end", [RESULT, LATE], ids=["result", "error"])
def test_what_is_done_is_not_done_again(client: "redis.Redis", end: Result | Error) -> None:
    commit(client, TRANSCRIPT)
    commit(client, end)
    an_hour_later(client)
    before = seen(client)
    assert begin(client) == begin(client, "analyzer") == ledger.DONE
    assert [commit(client, event) for event in (TRANSCRIPT, RESULT, LATE)] == [None] * 3
    assert bury(client, LATE) is None
    assert seen(client) == before


def test_a_transcript_that_waits_for_its_analyzer_is_not_replaced(client: "redis.Redis") -> None:
    commit(client, TRANSCRIPT)
    an_hour_later(client)
    before = seen(client)
    assert commit(client, TRANSCRIPT) is None and seen(client) == before
    assert commit(client, RESULT) == 2


def test_what_was_given_up_can_be_replayed_and_ends_once(client: "redis.Redis") -> None:
    bury(client, Error("ses", "gave_up", "tried", stage="stt", utterance=1))
    an_hour_later(client)
    letters = Letters(client)
    [letter] = letters.all()
    assert letters.replay(letter) == REPLAYED
    assert begin(client) == ledger.GO
    assert [commit(client, event) for event in (TRANSCRIPT, RESULT, RESULT)] == [2, 3, None]


def test_what_is_pending_and_of_which_nothing_else_is_left_still_gets_its_error(client: "redis.Redis") -> None:
    client.delete(keys.segment("ses", 1), keys.audio("ses", 1), keys.open_utterances("ses"))
    assert begin(client) == ledger.UNLEDGERED
    assert commit(client, LATE) == 1 and client.zcard(keys.PENDING) == 0


def test_of_what_nobody_accepted_the_session_knows_nothing(client: "redis.Redis") -> None:
    assert client.eval(*ledger.begin("ses", 2, "stt", "worker").call) == [b"unledgered", 0]
    assert client.eval(*ledger.begin("other", 1, "stt", "worker").call) == [b"unledgered", 0]
