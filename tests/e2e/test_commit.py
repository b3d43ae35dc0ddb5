"""The commit step on a real Redis: numbered, visible everywhere at once, and only once."""

import dataclasses
import json

import pytest
import redis

from contracts import codec, keys
from contracts.commit import commit
from contracts.messages import EVENTS, Error, Result, Sentiment, Transcript
from contracts.names import RESULT_CHANNEL, RESULTS_STREAM
from tests.eventually import PATIENCE

pytestmark = pytest.mark.e2e

TRANSCRIPT = Transcript("ses", 1, 0.0, 1.0, 'say "hi" — 안녕\n', "en", 0.9, 0.8, "engine", "model")
RESULT = Result(
    "ses", 1, 0.0, 1.0, "hi", "en", 0.8, Sentiment("POSITIVE", 0.9, {"POSITIVE": 0.95}, "m"), "engine", "model"
)


@pytest.fixture
def client(redis_server):
    with redis.Redis.from_url(redis_server.url, decode_responses=True) as connection:
        connection.flushall()
        yield connection


def session_events(client, session="ses"):
    return [(id, json.loads(fields["body"])) for id, fields in client.xrange(keys.events(session))]


def test_events_of_a_session_are_numbered_without_gaps_and_read_back_whole(client):
    assert [commit(client, TRANSCRIPT), commit(client, RESULT)] == [1, 2]
    assert commit(client, Error("ses", "stt_failed", "no words", utterance=2)) == 3
    stored = session_events(client)
    assert [id for id, _ in stored] == ["1-0", "2-0", "3-0"]
    assert codec.decode(stored[0][1], *EVENTS) == dataclasses.replace(TRANSCRIPT, seq=1)
    assert codec.decode(stored[1][1], *EVENTS) == dataclasses.replace(RESULT, seq=2)


def test_a_second_commit_changes_nothing_that_anyone_can_see(client):
    commit(client, TRANSCRIPT)
    commit(client, RESULT)
    before = (session_events(client), client.xlen(RESULTS_STREAM))
    with client.pubsub() as listener:
        listener.subscribe(RESULT_CHANNEL, keys.events("ses"))
        assert [listener.get_message(timeout=PATIENCE)["type"] for _ in range(2)] == ["subscribe"] * 2
        assert commit(client, RESULT) is None and commit(client, TRANSCRIPT) is None
        assert commit(client, Error("ses", "late", "an error after the result", utterance=1)) is None
        assert listener.get_message(timeout=0.2) is None
    assert before == (session_events(client), client.xlen(RESULTS_STREAM))


def test_only_final_events_reach_results_and_they_release_the_audio(client):
    client.set(keys.audio("ses", 1), b"pcm")
    client.hset(keys.segment("ses", 1), "request", "{}")
    commit(client, TRANSCRIPT)
    assert client.xlen(RESULTS_STREAM) == 0 and client.exists(keys.audio("ses", 1))
    assert json.loads(client.hget(keys.segment("ses", 1), "transcript"))["seq"] == 1
    commit(client, RESULT)
    assert client.xlen(RESULTS_STREAM) == 1
    assert not client.exists(keys.audio("ses", 1), keys.segment("ses", 1))


def test_a_result_is_published_where_it_is_stored(client):
    with client.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(RESULT_CHANNEL, keys.events("ses"))
        for _ in range(2):
            listener.get_message(timeout=PATIENCE)
        commit(client, RESULT)
        heard = {m["channel"]: m["data"] for m in (listener.get_message(timeout=PATIENCE) for _ in range(2))}
    stored = client.xrange(RESULTS_STREAM)[0][1]["body"]
    assert heard == {RESULT_CHANNEL: stored, keys.events("ses"): stored}


def test_sessions_do_not_share_numbers(client):
    commit(client, RESULT)
    assert commit(client, dataclasses.replace(RESULT, session="other")) == 1


def test_everything_it_writes_expires(client):
    client.hset(keys.segment("ses", 1), "request", "{}")
    commit(client, TRANSCRIPT)
    commit(client, RESULT)
    assert {key for key in client.keys() if client.ttl(key) < 0} == {RESULTS_STREAM, keys.RESULTS_COUNT}


def test_an_event_without_an_utterance_is_refused(client):
    with pytest.raises(ValueError, match="only an event of an utterance"):
        commit(client, Error("ses", "x", "y"))
