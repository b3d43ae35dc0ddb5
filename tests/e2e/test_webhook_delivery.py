"""The delivering of webhooks in this process, with its pauses made short, on a real Redis and a real receiver."""

import asyncio
import base64
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import redis

from contracts import connect, keys
from contracts.job_messages import CANCELLED, Ended
from contracts.names import DEAD_WEBHOOKS_STREAM
from fastapi_service.recordings import steps
from fastapi_service.recordings.job import Job, Options
from fastapi_service.recordings.webhooks import hosts, signature
from fastapi_service.recordings.webhooks import steps as webhook_steps
from fastapi_service.recordings.webhooks.delivery import WORN, Delivery, Rules
from fastapi_service.recordings.webhooks.offer import Offer
from fastapi_service.recordings.webhooks.sender import Sender
from tests.eventually import PATIENCE, eventually
from tests.processes import RedisServer
from tests.receiver import Receiver

SECRETS = signature.read(base64.b64encode(bytes(32)).decode())
LONG = {"attempt_seconds": PATIENCE, "lease_seconds": 2 * PATIENCE}
QUICK = Rules(pauses=(0.1, 0.1), look_seconds=0.02, busy_seconds=0.05, **LONG)
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def store(server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.from_url(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def end(store: "redis.Redis", url: str | None) -> str:
    """A job that has ended; its id."""
    job = Job(f"job-{next(NUMBERS)}", "a.wav", 1, "00", 1.0, Options(webhook=url))
    store.eval(*steps.submit(job, job.id, "", 1000).call)
    assert store.eval(*steps.end(Ended(job.id, CANCELLED), 60).call) == CANCELLED.encode()
    return job.id


def deliver(server: RedisServer, until: Callable[[], object], allowed: str, rules: Rules = QUICK) -> None:
    """Deliver in a thread until that is so."""

    async def run() -> None:
        client, stopped = connect.connect_async(server.url), asyncio.Event()
        with ThreadPoolExecutor(1) as threads:
            patterns = hosts.read(allowed)
            delivery = Delivery(
                client, Offer(patterns, SECRETS), Sender(patterns, threads, rules.attempt_seconds), rules
            )
            running = asyncio.create_task(delivery.run(stopped))
            try:
                await asyncio.to_thread(eventually, until)
            finally:
                stopped.set()
                await running
                await client.aclose()

    asyncio.run(run())


def dead(store: "redis.Redis") -> list[dict[bytes, bytes]]:
    return [fields for _, fields in store.xrange(DEAD_WEBHOOKS_STREAM)]


def test_a_job_without_a_webhook_makes_none(store: "redis.Redis") -> None:
    end(store, None)
    assert store.zcard(keys.WEBHOOKS) == 0 and not store.keys("webhook:*")


def test_one_end_is_one_event_however_often_it_is_told(store: "redis.Redis") -> None:
    job = end(store, "http://a.example/")
    for _ in range(2):
        store.eval(*steps.end(Ended(job, CANCELLED), 60).call)
    assert store.zcard(keys.WEBHOOKS) == 1 and len(store.keys("webhook:*")) == 1


def test_the_last_attempt_is_the_last(server: RedisServer, store: "redis.Redis", receiver: Receiver) -> None:
    receiver.answers["/broken"] = [(503, {"Retry-After": "0"})]
    end(store, receiver.url("/broken"))
    deliver(server, lambda: dead(store), receiver.place)
    (fields,) = dead(store)
    assert (fields[b"tries"], fields[b"reason"]) == (b"3", b"answered 503")
    assert len(receiver.at("/broken")) == 3
    assert store.zcard(keys.WEBHOOKS) == 0 and not store.keys("webhook:*")


def test_a_host_takes_no_more_than_its_share(server: RedisServer, store: "redis.Redis", receiver: Receiver) -> None:
    waiting = threading.Event()
    receiver.answers["/slow"] = [waiting]
    for _ in range(2 * QUICK.most):
        end(store, receiver.url("/slow"))
    with Receiver() as other:

        def heard() -> bool:
            if not receiver.at("/slow"):
                return False
            if not other.heard:
                end(store, other.url("/"))
                other.wait_for("/")
                assert len(receiver.at("/slow")) <= QUICK.most_of_one
                waiting.set()
            return store.zcard(keys.WEBHOOKS) == 0

        deliver(server, heard, f"{receiver.place},{other.place}")
    assert len({heard.headers["webhook-id"] for heard in receiver.at("/slow")}) == 2 * QUICK.most
    assert len(receiver.at("/slow")) == 2 * QUICK.most and dead(store) == []


def test_attempts_that_never_ended_count(server: RedisServer, store: "redis.Redis", receiver: Receiver) -> None:
    end(store, receiver.url("/"))
    for _ in range(QUICK.attempts):  # as conductors do that are killed then
        (taken,) = webhook_steps.taken(store.eval(*webhook_steps.take(10, 0).call))
    assert store.eval(*webhook_steps.again(replace(taken, tries=1), 1, "late").call) == 0
    assert store.eval(*webhook_steps.give_up(replace(taken, tries=1), "late").call) == 0
    deliver(server, lambda: dead(store), receiver.place)
    assert dead(store)[0][b"reason"] == WORN.encode() and receiver.heard == []


def test_a_host_that_is_not_allowed_any_more(server: RedisServer, store: "redis.Redis", receiver: Receiver) -> None:
    end(store, receiver.url("/"))
    deliver(server, lambda: dead(store), "a.example")
    end(store, receiver.url("/"))
    deliver(server, lambda: len(dead(store)) == 2, "")
    first, second = dead(store)
    assert b"not allowed here" in first[b"reason"] and b"not offered" in second[b"reason"] and receiver.heard == []


def test_an_event_that_cannot_be_read_ends_too(server: RedisServer, store: "redis.Redis", receiver: Receiver) -> None:
    end(store, receiver.url("/"))
    (key,) = store.keys("webhook:*")
    store.hset(key, "record", "{}")
    deliver(server, lambda: dead(store), receiver.place)
    (letter,) = dead(store)
    assert b"this version cannot read" in letter[b"reason"] and letter[b"tries"] == b"1" and receiver.heard == []


def test_a_full_redis_refuses_nothing_of_it(server: RedisServer, store: "redis.Redis", receiver: Receiver) -> None:
    receiver.answers["/shaky"] = [(500, {}), (410, {})]
    for path in ("/shaky", "/good"):
        end(store, receiver.url(path))
    store.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            store.set("new", "value")
        deliver(server, lambda: dead(store) and store.zcard(keys.WEBHOOKS) == 0, receiver.place)
    finally:
        store.config_set("maxmemory", 0)
    assert dead(store)[0][b"tries"] == b"2"
