"""What waits in Redis and since when, and how much memory is used: one round trip.

The ages are read from messages as kombu stores them (a list with the oldest at its end; JSON whose
`body` is base64 of [args, kwargs, embed]), which is its own affair: the pin in requirements.txt and
tests/e2e/test_load.py hold it to this. With queues elsewhere it is what waits by the ledger
(`contracts.waiting`).
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from contracts import keys, waiting
from contracts.names import (
    ANALYZER_JOB_QUEUE,
    ANALYZER_QUEUE,
    DEAD_LETTERS_STREAM,
    JOB_QUEUE,
    STT_JOB_QUEUE,
    STT_PARTIAL_QUEUE,
    STT_QUEUE,
)

QUEUES = (STT_QUEUE, STT_PARTIAL_QUEUE, ANALYZER_QUEUE, STT_JOB_QUEUE, ANALYZER_JOB_QUEUE, JOB_QUEUE)
FINALS = (STT_QUEUE, ANALYZER_QUEUE)


@dataclass(frozen=True)
class Queue:
    """`oldest`: for how many seconds its front entry has been sent; None when that cannot be told."""

    length: int = 0
    oldest: float | None = None


@dataclass(frozen=True)
class Backlog:
    """`overdue`: seconds past the deadline of the oldest accepted utterance; `memory`: bytes used of how
    many, 0 without a limit, None when Redis does not say."""

    queues: Mapping[str, Queue] = field(default_factory=dict)
    pending: int = 0
    overdue: float = 0.0
    dead_letters: int = 0
    memory: tuple[int, int] | None = None

    def oldest(self, *names: str) -> float:
        """The longest wait of those at the front of these queues, as far as it is known."""
        return max((self.queues[name].oldest or 0.0 for name in names if name in self.queues), default=0.0)


async def read(redis: Redis, now: float, elsewhere: bool = False) -> Backlog:
    """`now` in unix seconds; `elsewhere`: the queues are not in this Redis. What Redis refuses to tell is as
    if it were not there. Raises RedisError."""
    async with redis.pipeline(transaction=False) as pipe:
        if elsewhere:
            pipe.eval(*waiting.look().call)
        for name in () if elsewhere else QUEUES:
            pipe.llen(name)
            pipe.lindex(name, -1)
        pipe.zcard(keys.PENDING)
        pipe.zrange(keys.PENDING, 0, 0, withscores=True)
        pipe.time()
        pipe.xlen(DEAD_LETTERS_STREAM)
        pipe.info("memory")
        replies: list[Any] = await pipe.execute(raise_on_error=False)
    known = [None if isinstance(reply, Exception) else reply for reply in replies]
    *fronts, pending, first, clock, dead_letters, memory = known
    return Backlog(
        queues=_by_ledger(fronts[0]) if elsewhere else _in_redis(fronts, now),
        pending=pending or 0,
        overdue=max(0.0, clock[0] + clock[1] / 1e6 - first[0][1] / 1000) if first and clock else 0.0,
        dead_letters=dead_letters or 0,
        memory=_memory(memory),
    )


def sent_at(message: bytes) -> float | None:
    """When (unix seconds) a task was sent, by its own word; None if it does not say."""
    try:
        _, kwargs, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
        at = kwargs["message"]["sent_at"]
    except (ValueError, KeyError, TypeError):
        return None
    return float(at) if isinstance(at, int | float) and at > 0 else None


def _in_redis(fronts: Sequence[Any], now: float) -> dict[str, Queue]:
    found = zip(QUEUES, fronts[::2], fronts[1::2], strict=True)
    return {name: Queue(length or 0, _age(front, now)) for name, length, front in found}


def _by_ledger(reply: Sequence[Any] | None) -> dict[str, Queue]:
    return {name: Queue(*seen) for name, seen in waiting.told(reply).queues.items()} if reply else {}


def _age(message: bytes | None, now: float) -> float | None:
    at = sent_at(message) if message is not None else None
    return max(0.0, now - at) if at is not None else None


def _memory(info: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """Counted as Redis does for its own limit: without the buffers of its file and of replicas."""
    if not info or "used_memory" not in info:
        return None
    used = int(info["used_memory"]) - int(info.get("mem_not_counted_for_evict", 0))
    return used, int(info.get("maxmemory", 0))
