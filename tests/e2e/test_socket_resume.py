"""A session goes on over another socket, through any gateway: nothing is lost, nothing comes twice, and
nobody but its owner can do it."""

import numpy as np
import pytest
import redis

from contracts import keys
from tests.eventually import eventually
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway, Talker, silence, voice

SPOKEN = np.concatenate([silence(0.5), voice(1.0), silence(1.0)])


@pytest.fixture
def played(redis_server: RedisServer):
    with PlayedWorkers(redis_server.url) as workers, RunningGateway(redis_server.url) as gateway:
        yield gateway, workers


def resume(talker: Talker, ready: dict, after: int, **options):
    talker.say("start", session=ready["session"], key=ready["key"], after=after, **options)
    return talker.wait_for("ready")


def utterances(server: RedisServer, ready: dict) -> int:
    """How many of the session Redis holds as accepted."""
    with redis.Redis.from_url(server.url) as client:
        return int(client.hget(keys.session(ready["session"]), "utterances") or 0)


def durable(talker: Talker) -> list[tuple[int, str, int]]:
    return [(m["seq"], m["type"], m["utterance"]) for m in talker.heard if m.get("seq")]


def test_it_goes_on_where_it_was_broken_off(played) -> None:
    gateway, workers = played
    with gateway.connect() as first:
        first.say("start")
        ready = first.wait_for("ready")
        assert ready["resumed"] is False and len(ready["key"]) >= 16
        first.speak(SPOKEN)
        first.wait_for("result")
        first.speak(voice(0.7))  # broken off in the middle of a word
    with gateway.connect() as second:
        again = resume(second, ready, after=2)
        assert again["resumed"] and again["session"] == ready["session"] and again["key"] == ready["key"]
        whole = np.concatenate([SPOKEN, voice(1.0), silence(1.0)])
        assert max(m["samples"] for m in first.of("accepted")) <= again["samples"] <= len(SPOKEN)
        second.speak(whole[again["samples"] :])
        second.say("stop")
        done = second.wait_for("done")
        assert done["samples"] == len(whole) and done["utterances"] == 2
        assert durable(second) == [(3, "transcript", 2), (4, "result", 2)]
        (result,) = second.of("result")
        assert abs(result["start"] - len(SPOKEN) / 16_000) < 0.4
        assert len(workers.audio[ready["session"], 2]) // 2 >= 16_000, "the whole of the word"


def test_what_it_missed_comes_first_and_each_once(played, redis_server: RedisServer) -> None:
    gateway, workers = played
    workers.held.set()
    with gateway.connect() as first:
        first.say("start")
        ready = first.wait_for("ready")
        for _ in range(3):
            first.speak(SPOKEN)
        eventually(lambda: utterances(redis_server, ready) == 3)
    workers.held.clear()
    with gateway.connect() as second:
        again = resume(second, ready, after=0)
        assert 2.5 * len(SPOKEN) < again["samples"] <= 3 * len(SPOKEN)
        second.say("stop")
        assert second.wait_for("done")["utterances"] == 3
        assert [seq for seq, _, _ in durable(second)] == [1, 2, 3, 4, 5, 6]
    with gateway.connect() as third:
        resume(third, ready, after=4)
        third.say("stop")
        third.wait_for("done")
        assert [seq for seq, _, _ in durable(third)] == [5, 6]


def test_another_gateway_takes_over_and_the_old_connection_is_told(played, redis_server: RedisServer) -> None:
    gateway, _ = played
    with RunningGateway(redis_server.url) as other, gateway.connect() as old, other.connect() as new:
        old.say("start")
        ready = old.wait_for("ready")
        old.speak(SPOKEN)
        old.wait_for("result")
        again = resume(new, ready, after=0)
        assert new.wait_for("result")["utterance"] == 1
        assert old.until_closed() == (4009, "taken_over")
        new.speak(np.concatenate([SPOKEN[again["samples"] :], SPOKEN]))
        assert new.wait_for("result", utterance=2)["utterance"] == 2
        eventually(lambda: (gateway.health()["sessions"], other.health()["sessions"]) == (0, 1))


def test_an_old_connection_that_was_not_told_can_add_nothing(played, redis_server: RedisServer) -> None:
    """Pub/sub may lose the news: then the ledger refuses what comes from it."""
    gateway, workers = played
    with gateway.connect() as old, redis.Redis.from_url(redis_server.url) as client:
        old.say("start")
        ready = old.wait_for("ready")
        client.hset(keys.session(ready["session"]), "owner", "somebody else")
        old.speak(SPOKEN)
        assert old.until_closed() == (4009, "taken_over")
        assert not client.exists(keys.PENDING) and workers.finals == []


@pytest.mark.parametrize("wrong", [{"key": "a guess"}, {"session": "unknown"}, {"after": 99}, {"key": None}])
def test_it_is_only_its_owners(played, wrong) -> None:
    gateway, _ = played
    with gateway.connect() as owner, gateway.connect() as stranger:
        owner.say("start")
        ready = owner.wait_for("ready")
        stranger.say("start", **({"session": ready["session"], "key": ready["key"], "after": 0} | wrong))
        assert stranger.until_closed() == (4004, "cannot_resume")
        owner.speak(SPOKEN)
        owner.wait_for("result")


def test_it_may_come_back_with_another_sample_rate(played) -> None:
    gateway, _ = played
    with gateway.connect() as first:
        first.say("start")
        ready = first.wait_for("ready")
        first.speak(SPOKEN)
        told = first.wait_for("accepted")["samples"]
    with gateway.connect() as second:
        again = resume(second, ready, after=0, sample_rate=48_000)
        assert 3 * told <= again["samples"] <= 3 * len(SPOKEN)
        second.speak(np.concatenate([silence(0.5, 48_000), voice(1.0, 48_000), silence(1.0, 48_000)]))
        result = second.wait_for("result", utterance=2)
        assert abs(result["start"] - again["samples"] / 48_000 - 0.2) < 0.2


def test_silence_need_not_be_sent_again(played) -> None:
    gateway, _ = played
    with gateway.connect() as first:
        first.say("start")
        ready = first.wait_for("ready")
        first.speak(silence(5.0))
        told = eventually(lambda: first.wait_for("accepted")["samples"])
    with gateway.connect() as second:
        assert resume(second, ready, after=0)["samples"] >= told


def test_events_that_are_gone_are_said_to_be(played, redis_server: RedisServer) -> None:
    gateway, _ = played
    with gateway.connect() as first, redis.Redis.from_url(redis_server.url) as client:
        first.say("start")
        ready = first.wait_for("ready")
        first.speak(np.concatenate([SPOKEN] * 3))
        first.wait_for("result", utterance=3)
        client.xtrim(keys.events(ready["session"]), maxlen=2, approximate=False)
    with gateway.connect() as second:
        resume(second, ready, after=1)
        lost = second.wait_for("error")
        assert lost["code"] == "events_lost" and lost["message"].startswith("3 events")
        second.say("stop")
        second.wait_for("done")
        assert [seq for seq, _, _ in durable(second)] == [5, 6]
