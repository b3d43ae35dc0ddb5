"""Who may act on what is overdue: one sweeper at a time, and none on what has moved on meanwhile."""

from collections.abc import Iterator

import pytest
import redis

from contracts import keys
from listener_service.overdue import MOST_CLAIMED, Overdue
from tests.accepted import SESSION, accept, begin, lapse
from tests.processes import RedisServer


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


def test_one_acts_and_the_others_stand_by(client: "redis.Redis") -> None:
    accept(client, 1)
    first, second = Overdue(client, "one"), Overdue(client, "two")
    assert len(first.claim() or []) == 1
    lapse(client)
    assert second.claim() is None and first.claim() is not None
    second.release()
    assert client.get(keys.SWEEPER) == b"one" and 0 < client.pttl(keys.SWEEPER) <= 5000
    first.release()
    assert second.claim() is not None


def test_a_sleeper_that_wakes_when_another_acts_does_nothing(client: "redis.Redis") -> None:
    accept(client, 1, 2)
    sleeper, other = Overdue(client, "one"), Overdue(client, "two")
    claimed = sleeper.claim() or []
    seen, _ = sleeper.look(claimed)
    client.delete(keys.SWEEPER)  # as if it had run out
    other.claim()
    assert (sleeper.claim(), sleeper.look(claimed), sleeper.sending(seen)) == (None, [], 0)
    other.release()
    assert sleeper.claim() == []
    lapse(client)
    other_claim = sleeper.claim() or []
    assert len(other_claim) == 2 and sleeper.look(claimed) == []  # what it claimed before is not the same claim


def test_what_began_meanwhile_is_not_sent(client: "redis.Redis") -> None:
    accept(client, 1, 2)
    overdue = Overdue(client, "one")
    entry, _ = overdue.look(overdue.claim() or [])
    assert begin(client) == "go"
    assert overdue.sending(entry) == 0 and client.hget(keys.segment(SESSION, 1), "sends") is None


def test_a_crowd_takes_its_turns(client: "redis.Redis") -> None:
    accept(client, *range(1, MOST_CLAIMED + 2))
    overdue = Overdue(client, "one")
    assert [len(overdue.claim() or []) for _ in range(3)] == [MOST_CLAIMED, 1, 0]
