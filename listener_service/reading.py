"""What Redis says of the whole pipeline at one moment: two round trips, nothing changed.

The age of a queue is read from the message at its front, as kombu stores it (JSON whose `body` is base64
of [args, kwargs, embed]), which is its own affair: tests/e2e/test_exporter_reading.py, which sends for real,
holds it to this. With queues elsewhere it is what waits by the ledger
(`contracts.waiting`). All ages are by the clock of Redis.
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from contracts import codec, keys, waiting
from contracts.messages import Heartbeat
from contracts.names import (
    ANALYZER_JOB_QUEUE,
    ANALYZER_QUEUE,
    DEAD_LETTERS_STREAM,
    JOB_QUEUE,
    STT_JOB_QUEUE,
    STT_PARTIAL_QUEUE,
    STT_QUEUE,
)

QUEUES = (STT_QUEUE, STT_PARTIAL_QUEUE, STT_JOB_QUEUE, ANALYZER_QUEUE, ANALYZER_JOB_QUEUE, JOB_QUEUE)
MISSING = "missing"
MOST_JOBS = 5_000
"""So many are looked at one by one; it takes Redis some 5 ms."""
UNCOUNTED = "uncounted"
"""The status of those beyond."""

_BY_STAGE = """
local counts = {}
for _, letter in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do
  for at = 1, #letter[2], 2 do
    if letter[2][at] == 'stage' then counts[letter[2][at + 1]] = (counts[letter[2][at + 1]] or 0) + 1 end
  end
end
local flat = {}
for stage, count in pairs(counts) do flat[#flat + 1] = stage; flat[#flat + 1] = count end
return flat
"""

_BY_STATUS = """
local counts = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1)) do
  local status = redis.call('HGET', ARGV[1] .. id, 'status')
  if status then counts[status] = (counts[status] or 0) + 1 end
end
local flat = {}
for status, count in pairs(counts) do flat[#flat + 1] = status; flat[#flat + 1] = count end
local beyond = redis.call('ZCARD', KEYS[1]) - ARGV[2]
if beyond > 0 then flat[#flat + 1] = ARGV[3]; flat[#flat + 1] = beyond end
return flat
"""


@dataclass(frozen=True)
class Queue:
    """`oldest`: for how many seconds its front entry has been sent, 0 when it is empty; None when the
    entry does not say."""

    length: int
    oldest: float | None


@dataclass(frozen=True)
class Reading:
    """What is None could not be told. `processes`: by service and state, MISSING for those that had a
    heartbeat a short while ago. `unacked_oldest`: the longest that no worker has said of a taken task that
    it still has it. `overdue`: how many accepted utterances nobody has moved on in time, `overdue_seconds`:
    by how much the first of them. `memory`: bytes used of how many, 0 without a limit."""

    queues: Mapping[str, Queue] = field(default_factory=dict)
    unacked: int | None = None
    unacked_oldest: float | None = None
    pending: int | None = None
    overdue: int | None = None
    overdue_seconds: float | None = None
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    results: int = 0
    processes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    jobs: Mapping[str, int] = field(default_factory=dict)
    memory: tuple[int, int] | None = None


def read(client: "redis.Redis", elsewhere: bool = False, most_jobs: int = MOST_JOBS) -> Reading:
    """`elsewhere`: the queues are not in this Redis. Raises RedisError when Redis does not answer; what it refuses
    to tell is left out."""
    seconds, micros = client.time()
    now = seconds + micros / 1e6
    workers = sorted(_texts(client.smembers(keys.WORKERS)))
    with client.pipeline(transaction=False) as pipe:
        if elsewhere:
            pipe.eval(*waiting.look().call)
        for name in () if elsewhere else QUEUES:
            pipe.llen(name)
            pipe.lindex(name, -1)
        pipe.hlen(keys.UNACKED)
        pipe.zrange(keys.UNACKED_INDEX, 0, 0, withscores=True)
        pipe.zcard(keys.PENDING)
        pipe.zrange(keys.PENDING, 0, 0, withscores=True)
        pipe.zcount(keys.PENDING, "-inf", now * 1000)
        pipe.get(keys.RESULTS_COUNT)
        pipe.info("memory")
        pipe.eval(_BY_STAGE, 1, DEAD_LETTERS_STREAM)
        pipe.eval(_BY_STATUS, 1, keys.JOBS, keys.job(""), most_jobs, UNCOUNTED)
        if workers:
            pipe.mget([keys.heartbeat(name) for name in workers])
        replies: list[Any] = pipe.execute(raise_on_error=False)
    known = [None if isinstance(reply, Exception) else reply for reply in replies]
    seen = 1 if elsewhere else 2 * len(QUEUES)
    fronts, rest = known[:seen], known[seen:]
    unacked, renewed, pending, first, overdue, results, memory, letters, jobs, *beats = rest
    queues = {} if elsewhere else _in_redis(fronts, now)
    if elsewhere and fronts[0] is not None:
        ledger = waiting.told(fronts[0])
        queues = {name: Queue(length, age if length else 0.0) for name, (length, age) in ledger.queues.items()}
        unacked = ledger.held
    return Reading(
        queues=queues,
        unacked=unacked,
        unacked_oldest=None if elsewhere else _since(renewed, now),
        pending=pending,
        overdue=overdue,
        overdue_seconds=_since([(name, due / 1000) for name, due in first] if first is not None else None, now),
        dead_letters=_counts(letters),
        results=int(results) if results and results.isdigit() else 0,
        processes=_processes(workers, beats[0] if beats else []),
        jobs=_counts(jobs),
        memory=_memory(memory),
    )


def _in_redis(fronts: Sequence[Any], now: float) -> dict[str, Queue]:
    found = zip(QUEUES, fronts[::2], fronts[1::2], strict=True)
    return {name: Queue(n, _age(front, now) if n else 0.0) for name, n, front in found if n is not None}


def sent_at(message: bytes) -> float | None:
    """When (unix seconds) a task was sent, by its own word; None if it does not say."""
    try:
        _, kwargs, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
        at = kwargs["message"]["sent_at"]
    except (ValueError, KeyError, TypeError):
        return None
    return float(at) if isinstance(at, int | float) and at > 0 else None


def _age(message: bytes | None, now: float) -> float | None:
    at = sent_at(message) if message is not None else None
    return max(0.0, now - at) if at is not None else None


def _since(first: Sequence[tuple[bytes, float]] | None, now: float) -> float | None:
    """Seconds since the score of the first of a sorted set; 0 when it is empty."""
    if first is None:
        return None
    return max(0.0, now - first[0][1]) if first else 0.0


def _processes(workers: Sequence[str], bodies: Sequence[bytes | None] | None) -> Counter[tuple[str, str]]:
    """A name begins with its service (`contracts.heartbeat`)."""
    counts: Counter[tuple[str, str]] = Counter()
    for worker, body in zip(workers, bodies or (), strict=False):
        service, state = worker.partition("@")[0], MISSING
        if body is not None:
            try:
                beat = codec.loads(body, Heartbeat)
            except codec.DecodeError:  # another version's: it lives
                state = "unknown"
            else:
                service, state = beat.service, beat.state
        counts[service, state] += 1
    return counts


def _counts(flat: Sequence[Any] | None) -> dict[str, int]:
    """From [name, count, name, count, ...]."""
    return {_text(name): int(count) for name, count in zip((flat or ())[::2], (flat or ())[1::2], strict=True)}


def _memory(info: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """Counted as Redis does for its own limit: without the buffers of its file and of replicas."""
    if not info or "used_memory" not in info:
        return None
    used = int(info["used_memory"]) - int(info.get("mem_not_counted_for_evict", 0))
    return used, int(info.get("maxmemory", 0))


def _texts(values: Any) -> list[str]:
    return [_text(value) for value in values]


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
