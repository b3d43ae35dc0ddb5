"""The ledger's steps on a real Redis: who owns a session, who holds an utterance, what is closed when."""

import json

import pytest
import redis

from contracts import keys, ledger
from contracts.commit import bury, commit
from contracts.messages import Error, Result, Sentiment, TranscribeTask, Transcript
from contracts.names import DEAD_LETTERS_STREAM, RESULTS_STREAM
from tests.eventually import PATIENCE

pytestmark = pytest.mark.e2e

SPOKEN = TranscribeTask("ses", 1, audio_key=keys.audio("ses", 1), end=1.0)
TRANSCRIPT = Transcript("ses", 1, 0.0, 1.0, "hi", "en", 0.9, 0.8, "engine", "model")
RESULT = Result("ses", 1, 0.0, 1.0, "hi", "en", 0.8, Sentiment("POSITIVE", 0.9, {}, "m"), "engine", "model")


@pytest.fixture
def client(redis_server):
    with redis.Redis.from_url(redis_server.url) as connection:
        yield connection


def run(client, step):
    return client.eval(*step.call)


def begin(client, stage, holder="worker-1"):
    outcome, starts = run(client, ledger.begin("ses", 1, stage, holder))
    return outcome.decode(), starts


@pytest.fixture
def accepted(client):
    run(client, ledger.open_session("ses", "secret", "gateway-1", 1.0))
    assert run(client, ledger.accept(SPOKEN, b"pcm", "gateway-1", 16_000)) == ledger.ACCEPTED
    return client


def lapse(client):
    """As if the lease, or the grace, had run out."""
    client.zadd(keys.PENDING, {"ses:1": 1})


def test_an_accepted_utterance_is_stored_whole_and_only_once(accepted):
    assert run(accepted, ledger.accept(SPOKEN, b"other", "gateway-1", 99_000)) == ledger.KNOWN
    assert accepted.get(keys.audio("ses", 1)) == b"pcm"
    assert accepted.hmget(keys.session("ses"), "utterances", "settled") == [b"1", b"16000"]
    assert accepted.smembers(keys.open_utterances("ses")) == {b"1"}
    assert accepted.zcard(keys.PENDING) == 1


def test_who_takes_a_session_over_gets_its_state_and_shuts_the_other_out(accepted):
    with accepted.pubsub(ignore_subscribe_messages=True) as old:
        old.subscribe(keys.events("ses"))
        old.get_message(timeout=PATIENCE)
        assert run(accepted, ledger.settle("ses", "gateway-1", 32_000, "ko")) == ledger.ACCEPTED
        state = run(accepted, ledger.take_over("ses", "secret", "gateway-2", 0))
        assert state == [32_000, 1, b"ko", [b"1"]]
        assert json.loads(old.get_message(timeout=PATIENCE)["data"])["owner"] == "gateway-2"
    assert run(accepted, ledger.settle("ses", "gateway-1", 48_000, None)) == ledger.NOT_OWNER
    late = TranscribeTask("ses", 2)
    assert run(accepted, ledger.accept(late, b"late", "gateway-1", 48_000)) == ledger.NOT_OWNER
    assert not accepted.exists(keys.audio("ses", 2))
    assert run(accepted, ledger.accept(late, b"late", "gateway-2", 48_000)) == ledger.ACCEPTED


def test_only_who_knows_the_key_takes_over(accepted):
    assert run(accepted, ledger.take_over("ses", "guess", "thief", 0)) is None
    assert run(accepted, ledger.take_over("unknown", "secret", "thief", 0)) is None
    assert run(accepted, ledger.take_over("ses", "secret", "who has had what Redis has lost", 1)) is None
    assert accepted.hget(keys.session("ses"), "owner") == b"gateway-1"
    assert b"secret" not in b"".join(accepted.hvals(keys.session("ses")))


def test_one_worker_holds_an_utterance_until_its_lease_runs_out(accepted):
    assert begin(accepted, "stt") == ("go", 1)
    assert begin(accepted, "stt", "worker-2") == ("held", 0)
    assert run(accepted, ledger.renew("ses", 1, "worker-1")) == 1
    lapse(accepted)
    assert begin(accepted, "stt", "worker-2") == ("go", 2)
    assert run(accepted, ledger.renew("ses", 1, "worker-1")) == 0


def test_the_worker_that_holds_it_may_begin_again(accepted):
    assert [begin(accepted, "stt"), begin(accepted, "stt")] == [("go", 1), ("go", 2)]


def test_it_is_worn_after_three_starts_of_one_stage(accepted):
    for start in (1, 2, 3):
        assert begin(accepted, "stt") == ("go", start)
    assert begin(accepted, "stt") == ("worn", 3)


def test_each_stage_counts_its_own_starts(accepted):
    begin(accepted, "stt")
    commit(accepted, TRANSCRIPT)
    assert begin(accepted, "stt", "worker-2") == ("passed", 0)
    assert begin(accepted, "analyzer", "analyzer-1") == ("go", 1)


def test_its_result_closes_it(accepted):
    commit(accepted, TRANSCRIPT)
    assert accepted.zcard(keys.PENDING) == 1
    commit(accepted, RESULT)
    assert not accepted.exists(keys.PENDING, keys.open_utterances("ses"), keys.segment("ses", 1), keys.audio("ses", 1))
    assert begin(accepted, "stt") == ("done", 0) == begin(accepted, "analyzer")


def test_what_nobody_accepted_is_not_held_back(client):
    assert begin(client, "stt") == ("unledgered", 0)


def test_a_buried_utterance_keeps_what_is_known_of_it(accepted):
    begin(accepted, "stt")
    error = Error("ses", "gave_up", "three starts, no end", utterance=1)
    assert bury(accepted, error) == 1 and bury(accepted, error) is None
    ((_, letter),) = accepted.xrange(DEAD_LETTERS_STREAM)
    assert letter[b"member"] == b"ses:1" and letter[b"starts"] == b"1" and letter[b"reason"] == b"three starts, no end"
    assert json.loads(letter[b"request"])["audio_key"] == "audio:ses:1"
    assert accepted.get(keys.dead_audio("ses", 1)) == b"pcm"
    assert not accepted.exists(keys.PENDING, keys.audio("ses", 1))


def test_entries_of_results_are_counted_without_gaps(accepted):
    commit(accepted, RESULT)
    commit(accepted, Error("ses", "x", "x", utterance=2))
    commit(accepted, RESULT)
    assert [fields[b"n"] for _, fields in accepted.xrange(RESULTS_STREAM)] == [b"1", b"2"]


def test_a_full_memory_refuses_new_audio_and_nothing_else(accepted):
    assert begin(accepted, "stt") == ("go", 1)
    accepted.config_set("maxmemory", accepted.info("memory")["used_memory"] // 2)
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        run(accepted, ledger.accept(TranscribeTask("ses", 2), b"pcm", "gateway-1", 32_000))
    assert accepted.hget(keys.session("ses"), "utterances") == b"1" and not accepted.exists(keys.segment("ses", 2))
    assert run(accepted, ledger.renew("ses", 1, "worker-1")) == 1
    assert begin(accepted, "stt") == ("go", 2)
    assert commit(accepted, TRANSCRIPT) == 1
    assert begin(accepted, "analyzer") == ("go", 1)
    assert commit(accepted, RESULT) == 2
    assert run(accepted, ledger.take_over("ses", "secret", "gateway-2", 0))[1] == 1
    assert run(accepted, ledger.settle("ses", "gateway-2", 48_000, None)) == ledger.ACCEPTED


def test_a_start_that_is_asked_for_again_counts_once(accepted):
    step = ledger.begin("ses", 1, "stt", "worker-1", "attempt-1")
    assert [run(accepted, step), run(accepted, step)] == [[b"go", 1], [b"go", 1]]
    assert run(accepted, ledger.begin("ses", 1, "stt", "worker-1", "attempt-2")) == [b"go", 2]


def test_steps_that_arrive_late_take_nothing_back(accepted):
    run(accepted, ledger.settle("ses", "gateway-1", 50_000, None))
    run(accepted, ledger.open_session("ses", "secret", "gateway-1", 1.0))
    run(accepted, ledger.settle("ses", "gateway-1", 20_000, None))
    assert accepted.hmget(keys.session("ses"), "utterances", "settled") == [b"1", b"50000"]


def test_a_session_that_redis_has_lost_is_unknown_and_not_somebody_elses(accepted):
    accepted.flushall()
    assert run(accepted, ledger.settle("ses", "gateway-1", 1, None)) == ledger.UNKNOWN
    assert run(accepted, ledger.accept(SPOKEN, b"pcm", "gateway-1", 1)) == ledger.UNKNOWN


def test_no_words_come_after_the_end(accepted):
    bury(accepted, Error("ses", "gave_up", "three starts, no end", utterance=1))
    assert commit(accepted, TRANSCRIPT) is None
    assert accepted.xlen(keys.events("ses")) == 1 and not accepted.exists(keys.segment("ses", 1))
