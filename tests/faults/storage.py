"""Faults of Redis itself, and of what is in it: ended, stopped, full, its connections cut, messages
delivered twice or late, streams trimmed under a reader.
"""

import json
import signal
import uuid
from collections.abc import Callable
from typing import Any

import redis

from contracts import keys
from contracts.names import LISTENER_GROUP, RESULT_CHANNEL, RESULTS_STREAM
from tests.faults.collect import QUEUES, entry, event
from tests.faults.scene import Act, Fault, Maker, Scene, lasting
from tests.faults.stage import LISTENER, REDIS

MEMORY = "512mb"
"""What the Procfile's Redis has."""
LOCKS = {"sweeper": (keys.SWEEPER, 5), "listener": (keys.LISTENER, 5), "kombu": ("unacked_mutex", 10)}
"""Keys, and for how many seconds each stands when its holder dies on another machine."""


def _quietly(do: Callable[[], object]) -> Callable[[], None]:
    """For acts on a Redis that another fault has just taken away."""

    def act() -> None:
        try:
            do()
        except (redis.RedisError, OSError):
            return

    return act


def _answers(scene: Scene) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            return bool(scene.stage.redis.ping())
        except (redis.RedisError, OSError):
            return False

    return ask


def ended(number: signal.Signals) -> Maker:
    def make(scene: Scene) -> Fault:
        act = Act(0, lambda: scene.stage[REDIS].signal(number))
        return Fault(f"{number.name} redis", REDIS, (act,), frozenset({REDIS}), 0.3, _answers(scene))

    return make


def stopped(scene: Scene) -> Fault:
    process = scene.stage[REDIS]
    seconds = min(10.0, scene.seconds(2))
    acts = Act(0, lambda: process.signal(signal.SIGSTOP)), Act(seconds, lambda: process.signal(signal.SIGCONT))
    return Fault("SIGSTOP redis", REDIS, acts, frozenset({REDIS}), seconds, _answers(scene))


def away(scene: Scene) -> Fault:
    """Longer than clients and Celery try again at once."""
    stage, seconds = scene.stage, min(10.0, scene.seconds(6))
    acts = Act(0, lambda: stage.hold(REDIS)), Act(seconds, lambda: stage.release(REDIS))
    return Fault("redis away", REDIS, acts, frozenset({REDIS}), seconds, _answers(scene))


def connections_killed(scene: Scene) -> Fault:
    kind = scene.some("normal", "pubsub")
    act = Act(0, _quietly(lambda: scene.stage.redis.execute_command("CLIENT", "KILL", "TYPE", kind)))
    return Fault(f"{kind} connections killed", REDIS, (act,), frozenset({REDIS}))


def memory_full(scene: Scene) -> Fault:
    client = scene.stage.redis

    def fill() -> None:
        info: Any = client.info("memory")
        client.config_set("maxmemory", max(1, int(info["used_memory"] * 0.9)))

    room = _quietly(lambda: client.config_set("maxmemory", MEMORY))
    return lasting("memory full", REDIS, _quietly(fill), room, scene.seconds(2))


def _again(client: "redis.Redis", queue: str, message: bytes) -> None:
    """The same message as another delivery."""
    data = json.loads(message)
    data["properties"]["delivery_tag"] = str(uuid.uuid4())
    client.lpush(queue, json.dumps(data))


def duplicates(scene: Scene) -> Fault:
    """Everything that is under way is delivered once more, and kept to be delivered late."""
    client = scene.stage.redis

    def copy() -> None:
        for queue in QUEUES:
            waiting: Any = client.lrange(queue, 0, 9)
            for message in waiting:
                _again(client, queue, message)
        held: Any = client.hvals(keys.UNACKED)
        for body in held[:10]:
            message, _, queue = json.loads(body)
            if queue in QUEUES:
                _again(client, queue, json.dumps(message).encode())
                scene.letters.append(json.dumps([queue, message]).encode())
        del scene.letters[:-200]

    return Fault("duplicates", REDIS, tuple(Act(0.1 * n, _quietly(copy)) for n in range(10)))


def late_delivery(scene: Scene) -> Fault | None:
    """What was delivered, and mostly answered, long ago comes again."""
    if not scene.letters:
        return None
    chosen = [scene.chance.choice(scene.letters) for _ in range(5)]

    def deliver() -> None:
        for letter in chosen:
            queue, message = json.loads(letter)
            _again(scene.stage.redis, queue, json.dumps(message).encode())

    return Fault("late delivery", REDIS, (Act(0, _quietly(deliver)),))


def results_again(scene: Scene) -> Fault:
    """The listener's group is set back: it gets everything once more."""
    act = Act(0, _quietly(lambda: scene.stage.redis.xgroup_setid(RESULTS_STREAM, LISTENER_GROUP, "0")))
    return Fault("results delivered again", REDIS, (act,))


def events_again(scene: Scene) -> Fault:
    """The newest ends are published once more."""
    client = scene.stage.redis

    def publish() -> None:
        newest: Any = client.xrevrange(RESULTS_STREAM, count=20)
        for _, fields in reversed(newest):
            body = fields[b"body"]
            client.publish(keys.events(json.loads(body)["session"]), body)
            client.publish(RESULT_CHANNEL, body)

    return Fault("events published again", REDIS, (Act(0, _quietly(publish)),))


def stale_lock(name: str) -> Maker:
    def make(scene: Scene) -> Fault:
        key, seconds = LOCKS[name]
        act = Act(0, _quietly(lambda: scene.stage.redis.set(key, "somebody who died elsewhere", ex=seconds)))
        return Fault(f"stale {name} lock", REDIS, (act,), over=seconds)

    return make


def events_trimmed(scene: Scene) -> Fault:
    """The oldest half of a session's events go, whoever has read them or not."""
    client = scene.stage.redis

    def trim() -> None:
        names = sorted(key.decode().partition(":")[2] for key in client.scan_iter("session:*", count=1000))
        name = scene.chance.choice(names)
        present = [event(fields[b"body"]) for _, fields in client.xrange(keys.events(name))]
        going = present[: len(present) // 2]
        if going:
            scene.trimmings.events.setdefault(name, []).extend(going)
            client.xtrim(keys.events(name), minid=f"{going[-1].seq + 1}-0", approximate=False)

    return Fault("events trimmed", REDIS, (Act(0, _quietly(trim)),))


def results_trimmed(scene: Scene) -> Fault:
    """Under a listener that is slow: stopped for a while, and what came meanwhile is half removed."""
    client, listener = scene.stage.redis, scene.stage[LISTENER]
    gone: list[Any] = []

    def trim() -> None:
        if not any(path.exists() and " id=" in path.read_text() for path in scene.stage.files()):
            return  # who has never written one has no number that it could miss
        groups: Any = client.xinfo_groups(RESULTS_STREAM)
        (read,) = [group["last-delivered-id"] for group in groups if group["name"] == LISTENER_GROUP.encode()]
        unread: Any = client.xrange(RESULTS_STREAM, min=b"(" + read)
        going = unread[: len(unread) // 2]
        if going:
            gone.extend(going)
            everything: Any = client.xrange(RESULTS_STREAM, max=going[-1][0])
            scene.trimmings.results.extend(entry(*one) for one in everything)
            client.xtrim(RESULTS_STREAM, minid=unread[len(going)][0].decode(), approximate=False)

    acts = (
        Act(0, lambda: listener.signal(signal.SIGSTOP)),
        Act(2.5, _quietly(trim)),
        Act(2.6, lambda: listener.signal(signal.SIGCONT)),
    )
    return Fault("results trimmed", LISTENER, acts, frozenset({LISTENER, REDIS}), 2.6, touched=lambda: bool(gone))
