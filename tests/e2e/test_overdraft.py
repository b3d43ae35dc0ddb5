"""Celery's broker on a Redis that is full: our transport goes on writing what kombu's writes, and each
reads what the other one has written."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.exceptions import OperationalError

from contracts import keys, overdraft
from contracts.broker import TRANSPORT, TRANSPORT_OPTIONS
from contracts.heartbeat import Pulse
from contracts.names import LISTENER_GROUP, RESULTS_STREAM, STT_QUEUE
from contracts.watch import Rules, Watch
from listener_service.results import Results
from tests.processes import RedisServer

STOCK = "redis"
PRIORITIES = (0, 3, 6, 9)
QUEUE = Queue(STT_QUEUE, Exchange(STT_QUEUE), STT_QUEUE)
EXPIRING = Queue("replies", Exchange("replies"), "replies", expires=60)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client


def fill(client: redis.Redis) -> None:
    """To 105 %; until then it is to take everything."""
    client.setrange("ballast", 10_000_000, "x")
    used: Any = client.info("memory")
    client.config_set("maxmemory", int(used["used_memory"] / 1.05))
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        client.set("more", "x")


def broker(redis_server: RedisServer, transport: str) -> Connection:
    return Connection(redis_server.url, transport=transport, transport_options=TRANSPORT_OPTIONS)


def send(connection: Connection, queue: Queue) -> None:
    producer = Producer(connection)
    for priority in reversed(PRIORITIES):
        body = {"priority": priority}
        producer.publish(body, exchange=queue.exchange, routing_key=queue.name, declare=[queue], priority=priority)


def everything(client: redis.Redis) -> dict[str, Any]:
    """Every key with its kind and content, but for what is of the moment: ids and times."""
    reading: dict[str, Callable[[str], Any]] = {
        "list": lambda key: client.lrange(key, 0, -1),
        "set": lambda key: sorted(client.smembers(key)),
        "hash": lambda key: list(client.hgetall(key).items()),
        "zset": lambda key: client.zrange(key, 0, -1),
        "string": client.strlen,
    }
    found = {}
    for key in sorted(client.keys()):
        kind = str(client.type(key))
        lasting = "for ever" if client.ttl(key) < 0 else "for a while"
        found[key] = kind, lasting, UUID.sub("uuid", json.dumps(reading[kind](key)))
    return found


def played(redis_server: RedisServer, client: redis.Redis, transport: str) -> list[dict[str, Any]]:
    """What is in Redis after each step of messages that are sent, taken, put back both ways and
    acknowledged."""
    states = []
    with broker(redis_server, transport) as connection:
        channel: Any = connection.channel()
        for queue in (QUEUE, EXPIRING):
            send(connection, queue)
            bound = queue(channel)
            states.append(everything(client))
            bound.get().requeue()
            states.append(everything(client))
            taken = bound.get()
            states.append(everything(client))
            channel.qos.restore_by_tag(taken.delivery_tag)
            states.append(everything(client))
            for _ in PRIORITIES:
                bound.get().ack()
            states.append(everything(client))
        assert bound.get() is None
        send(connection, QUEUE)
        QUEUE(channel).get()
    states.append(everything(client))  # what it had in hand was given back
    with broker(redis_server, transport) as connection:
        queue = QUEUE(connection.channel())
        assert queue.queue_declare(passive=True).message_count == len(PRIORITIES)
        queue.purge()
        queue.delete()
    return [*states, everything(client)]


def test_the_keys_and_what_is_in_them_are_kombus_own(redis_server: RedisServer, client: redis.Redis) -> None:
    stock = played(redis_server, client, STOCK)
    client.flushdb()
    ours = played(redis_server, client, TRANSPORT)
    assert ours == stock
    assert {key for state in ours for key in state} >= {
        keys.UNACKED,
        keys.UNACKED_INDEX,
        f"_kombu.binding.{STT_QUEUE}",
        "_kombu.binding_deadlines",
        *(f"{STT_QUEUE}\x06\x16{priority}" for priority in PRIORITIES[1:]),
    }


@pytest.mark.parametrize(("sender", "receiver"), [(STOCK, TRANSPORT), (TRANSPORT, STOCK)])
def test_each_reads_what_the_other_has_written(redis_server: RedisServer, sender: str, receiver: str) -> None:
    told: list[int] = []

    def receive(body: dict[str, int], message: Any) -> None:
        told.append(body["priority"])
        message.ack()

    with broker(redis_server, sender) as connection:
        send(connection, QUEUE)
        QUEUE(connection.channel()).get()  # it is given back at the end, by who took it
    with broker(redis_server, receiver) as connection, Consumer(connection, [QUEUE], callbacks=[receive]):
        while len(told) < len(PRIORITIES):
            connection.drain_events(timeout=5)
    assert told == list(PRIORITIES)


def test_a_full_redis_stops_kombu_and_not_us(redis_server: RedisServer, client: redis.Redis) -> None:
    roomy = played(redis_server, client, TRANSPORT)
    client.flushdb()
    fill(client)
    full = played(redis_server, client, TRANSPORT)
    for state in full:
        del state["ballast"]
    assert full == roomy
    with broker(redis_server, STOCK) as connection, pytest.raises((OperationalError, redis.ResponseError)):
        send(connection, QUEUE)


def test_what_was_lost_by_a_worker_is_put_back(redis_server: RedisServer, client: redis.Redis) -> None:
    fill(client)
    with broker(redis_server, TRANSPORT) as connection:
        channel: Any = connection.channel()
        send(connection, QUEUE)
        assert QUEUE(channel).get().payload == {"priority": 0}
        channel.qos.visibility_timeout = -1
        with broker(redis_server, TRANSPORT) as another:
            late: Any = another.channel()
            late.qos.visibility_timeout = -1
            late.qos.restore_visible(interval=1)
            late.qos.restore_by_tag("uuid of nothing")
            assert QUEUE(late).get().payload == {"priority": 0}
        channel.qos.restore_visible(interval=1)
        assert (client.llen(STT_QUEUE), client.exists(keys.UNACKED, "unacked_mutex")) == (1, 0)


def test_bindings_of_expiring_queues_are_renewed(redis_server: RedisServer, client: redis.Redis) -> None:
    fill(client)
    with broker(redis_server, TRANSPORT) as connection, Consumer(connection, [EXPIRING], accept=["json"]) as consumer:
        client.delete("_kombu.binding.replies")
        consumer.channel.maybe_refresh_binding_expiry()
        assert client.exists("_kombu.binding.replies")


def test_steps_give_each_reply_and_happen_whole(client: redis.Redis) -> None:
    fill(client)
    commands = ("SET", "a", "1", "NX"), ("SET", "a", "2", "NX"), ("LPUSH", "b", "x", "y"), ("EXISTS", "nothing")
    assert client.eval(*overdraft.step(*commands).call) == ["OK", None, 2, 0]
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        client.eval(*overdraft.step(("HSET", "a", "field", "x"), ("SET", "c", "1")).call)
    assert not client.exists("c", keys.NOTHING)


@pytest.mark.parametrize("name", sorted(overdraft.REFUSED))
def test_all_of_these_would_be_refused(client: redis.Redis, name: str) -> None:
    fill(client)
    arguments = {"HSET": ("field", "x"), "ZADD": (1, "x")}.get(name, ("x",))
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        client.execute_command(name, "key", *arguments)
    client.eval(*overdraft.step((name, "key", *arguments)).call)
    assert client.exists("key")


def test_signs_of_life_and_leases_are_renewed(client: redis.Redis) -> None:
    client.zadd(keys.UNACKED_INDEX, {"tag": 1})
    fill(client)
    pulse = Pulse(client, "stt_worker")
    pulse.say(state="ready")
    assert client.smembers(keys.WORKERS) == {pulse.worker}
    assert "ready" in str(client.get(keys.heartbeat(pulse.worker))) and client.ttl(keys.heartbeat(pulse.worker)) > 0
    watch = Watch(client, pulse.worker, Rules((STT_QUEUE,), 60))
    for tag in ("tag", "of another"):
        with watch.holding(tag):
            watch.beat()
    assert client.zrange(keys.UNACKED_INDEX, 0, -1) == ["tag"] and client.zscore(keys.UNACKED_INDEX, "tag") > 1


def test_a_listener_may_be_the_first_one(client: redis.Redis) -> None:
    fill(client)
    for _ in range(2):
        assert Results(client, "somebody").join("0") == "0"
    (group,) = client.xinfo_groups(RESULTS_STREAM)
    assert group["name"] == LISTENER_GROUP
