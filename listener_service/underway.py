"""Which tasks are under way: waiting in a queue, or taken by a worker and not acknowledged.

`InRedis` reads it from the formats that kombu gives its lists and its hash `unacked`, which are its own: the
pin in requirements.txt and tests/e2e/test_sweeper.py, which sends and takes for real, hold them to this.
`Unseen` is for queues that nobody can look into: there the deadlines of the ledger alone decide.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import redis

from contracts import keys
from contracts.broker import VISIBILITY_TIMEOUT_SECONDS
from contracts.ledger import LEASE_MS
from contracts.routing import STAGES, queues
from listener_service.overdue import LONGEST_BACK_OFF_MS

QUEUES = [(stage, queue) for stage in STAGES for queue in queues(stage)]

MOST_WAITING = 2_000
"""Of one queue. Reading so many takes some 20 ms; a longer one explains by itself why something is overdue."""
MOST_TAKEN = 1_000
"""A worker has one message at a time."""
FORSAKEN_SECONDS = 3 * VISIBILITY_TIMEOUT_SECONDS
"""A living worker renews what it has every 2 s, and what a dead one had is put back by any living worker
after the visibility timeout, in front of the queue, where it is better off than sent again. What is still
there after three of them is forgotten by everybody."""

_ID = re.compile(rb'"id": ?"([^"]+)"')


@dataclass(frozen=True)
class UnderWay:
    """`waiting`: the task ids in each stage's queues, None where one is too long to be read. `taken`: the
    seconds since a worker last said that it has a task, None when there are too many."""

    waiting: Mapping[str, frozenset[str] | None]
    taken: Mapping[str, float] | None

    def waits(self, stage: str, task_id: str) -> bool:
        ids = self.waiting.get(stage, frozenset())
        return ids is None or task_id in ids

    def taken_within(self, seconds: float, task_id: str) -> bool:
        return self.taken is None or self.taken.get(task_id, seconds) < seconds

    def worked_on(self, task_id: str) -> bool:
        """A living worker has it in hand."""
        return self.taken_within(LEASE_MS / 1000, task_id)

    def has(self, stage: str, task_id: str) -> bool:
        """It comes to its end by itself, as far as can be seen."""
        return self.waits(stage, task_id) or self.taken_within(FORSAKEN_SECONDS, task_id)


class Sight(Protocol):
    """What can be seen of the tasks. `longest_back_off_ms`: from sending one again until the next time, at most."""

    longest_back_off_ms: int

    def read(self) -> UnderWay:
        """Raises what the client raises."""
        ...


class Unseen:
    """Nothing: what is past its deadline counts as lost. What was sent again is left alone for 3 s, then for
    twice as long each time, so that a long queue is not flooded: what has waited in it for ten minutes is there
    eight times, and whoever comes to the second leaves it. Its audio, which a look keeps, lives twice as long as
    the longest."""

    longest_back_off_ms = 500 * keys.AUDIO_TTL_SECONDS

    def read(self) -> UnderWay:
        return UnderWay({}, {})


class InRedis:
    longest_back_off_ms = LONGEST_BACK_OFF_MS

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def read(self) -> UnderWay:
        return read(self._redis)


def read(client: "redis.Redis") -> UnderWay:
    """First the queues, then what is taken, so that what a worker takes meanwhile is seen here or there.
    (No MULTI: Redis lets none begin when its memory is full.) Raises what the client raises."""
    with client.pipeline(transaction=False) as sizes:
        for _, queue in QUEUES:
            sizes.llen(queue)
        sizes.hlen(keys.UNACKED)
        *lengths, taken = sizes.execute()
    with client.pipeline(transaction=False) as reading:
        for (_, queue), length in zip(QUEUES, lengths, strict=True):
            reading.lrange(queue, 0, MOST_WAITING if length <= MOST_WAITING else 0)
        if taken <= MOST_TAKEN:
            reading.hgetall(keys.UNACKED)
            reading.zrange(keys.UNACKED_INDEX, 0, MOST_TAKEN, withscores=True)
        replies = reading.execute()
    waiting: dict[str, frozenset[str] | None] = dict.fromkeys(STAGES, frozenset())
    for (stage, _), length, messages in zip(QUEUES, lengths, replies, strict=False):
        known = waiting[stage]
        readable = known is not None and length <= MOST_WAITING
        waiting[stage] = known | frozenset(map(task_id, messages)) if readable else None  # type: ignore[operator]
    if taken > MOST_TAKEN:
        return UnderWay(waiting, None)
    messages, index = replies[-2:]
    return UnderWay(waiting, _seconds_since(messages, index, time.time()))


def task_id(message: bytes) -> str:
    """The task's id in a message as kombu stores it (its body is base64 and has no quotes); empty without one."""
    found = _ID.search(message)
    return found.group(1).decode(errors="replace") if found else ""


def _seconds_since(messages: Mapping[bytes, bytes], index: Any, now: float) -> dict[str, float]:
    since = dict(index)
    return {task_id(message): now - since.get(tag, 0.0) for tag, message in messages.items()}
