"""Pub/sub may lose anything: events still reach the session once and in order."""

import asyncio

import redis
from redis.asyncio import Redis

from contracts import codec, commit, keys
from contracts.messages import Hypothesis, Transcript
from fastapi_service import feed
from fastapi_service.feed import Feed
from tests.processes import RedisServer


def committed(url: str, count: int) -> list[bytes]:
    """Commit so many transcripts of session s; the bodies as pub/sub would bring them."""
    with redis.Redis.from_url(url) as client:
        for number in range(1, count + 1):
            event = Transcript("s", number, 0.0, 1.0, f"words {number}", "en", 1.0, 1.0, "played", "played")
            assert commit.commit(client, event) == number
        return [fields[b"body"] for _, fields in client.xrange(keys.events("s"))]


async def take(url: str, bodies: list[bytes], count: int, owed: bool = False) -> list[str]:
    async with Redis.from_url(url) as client:
        own = Feed("s", client)
        own.expect(lambda: owed)
        for body in bodies:
            own.offer(body)
        texts: list[str] = []
        while len(texts) < count:
            texts += [event.text or "" for event in await own.next() if isinstance(event, Transcript | Hypothesis)]
        return texts


def test_in_order_as_they_come(redis_server: RedisServer) -> None:
    bodies = committed(redis_server.url, 3)
    assert asyncio.run(take(redis_server.url, bodies, 3)) == ["words 1", "words 2", "words 3"]


def test_a_gap_is_filled_and_nothing_comes_twice(redis_server: RedisServer) -> None:
    bodies = committed(redis_server.url, 4)
    hypothesis = codec.dumps(Hypothesis("s", 5, 1.0, "words 5")).encode()
    given = [bodies[0], bodies[0], bodies[2], bodies[1], bodies[3], hypothesis]
    texts = asyncio.run(take(redis_server.url, given, 5))
    assert texts == ["words 1", "words 2", "words 3", "words 4", "words 5"]


def test_what_is_owed_is_found_without_any_message(redis_server: RedisServer) -> None:
    committed(redis_server.url, 2)
    assert asyncio.run(take(redis_server.url, [], 2, owed=True)) == ["words 1", "words 2"]


def test_an_event_of_a_newer_version_is_passed_over(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.xadd(keys.events("s"), {"body": b'{"seq":1,"type":"applause","session":"s"}'}, id="1-0")
        client.hset(keys.session("s"), "seq", 1)
        event = Transcript("s", 1, 0.0, 1.0, "words 2", "en", 1.0, 1.0, "played", "played")
        assert commit.commit(client, event) == 2
    assert asyncio.run(take(redis_server.url, [], 1)) == ["words 2"]


def test_a_flood_is_read_from_the_stream_and_the_queue_stays_bounded(redis_server: RedisServer) -> None:
    bodies = committed(redis_server.url, feed.LIMIT + 500)
    texts = asyncio.run(take(redis_server.url, bodies, len(bodies)))
    assert texts == [f"words {number}" for number in range(1, len(bodies) + 1)]
