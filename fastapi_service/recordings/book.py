"""What Redis knows of the jobs, for the gateway and the conductor. Every method raises RedisError. A job that cannot
be read is told of in the log, once by each process, with its id alone.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis

from contracts import codec, keys
from contracts.job_messages import JOB_EVENTS, Ended, Progress
from contracts.ledger import Step
from contracts.messages import EVENTS, Error, Result, Transcript
from fastapi_service.recordings import job as jobs
from fastapi_service.recordings import steps
from fastapi_service.recordings.job import Chunk, Job, State, Unreadable

log = logging.getLogger(__name__)

Event = Progress | Ended | Transcript | Result | Error

EVENTS_AT_A_TIME = 32
"""Decoding each takes up to half a millisecond, in which the event loop does nothing else."""

MOST_TOLD = 10_000
"""Unreadable jobs and events; beyond, all are forgotten and told of again."""


@dataclass(frozen=True)
class Submission:
    """`outcome` is one of steps.NEW, AGAIN, SAME, CONFLICT, FULL, SHARE; `id` the job's, which may be an older one."""

    outcome: str
    id: str


@dataclass(frozen=True)
class Standing:
    """How the work on a job stands: `fed` chunks are in the ledger, numbers `open` of them have no result
    yet (0 is the preparation), `failed` ended with an error, `known` are cut so far."""

    fed: int = 0
    open: frozenset[int] = frozenset()
    failed: int = 0
    known: int = 0
    language: str | None = None


@dataclass(frozen=True)
class Page:
    """`unreadable` are ids. `before` is for the next one; None: this is the last."""

    states: list[State]
    unreadable: list[str]
    before: str | None


class Book:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._told: set[tuple[str, int]] = set()

    async def submit(self, job: Job, same: str, idempotency: str, most: int, share: int) -> Submission:
        outcome, job_id = await self.run(steps.submit(job, same, idempotency, most, share))
        return Submission(outcome.decode(), job_id.decode())

    async def run(self, step: Step) -> Any:
        answer: Any = await self._redis.eval(*step.call)
        return answer

    async def reach(self) -> None:
        await self._redis.ping()

    async def state(self, job_id: str) -> State | None:
        """Raises Unreadable."""
        fields: Any = await self._redis.hgetall(keys.job(job_id))
        return self._read(job_id, fields)

    async def lists(self, owner: str, job_id: str) -> bool:
        """Whether the owner's list has it."""
        return await self._redis.zscore(keys.jobs_of(owner), job_id) is not None

    async def memory_share(self) -> float:
        """How much of `maxmemory` is used; 0 without a limit."""
        told: Any = await self._redis.info("memory")
        most = int(told.get("maxmemory") or 0)
        return (int(told["used_memory"]) - int(told.get("mem_not_counted_for_evict") or 0)) / most if most else 0.0

    async def drop(self, job_id: str) -> None:
        """Take a job that has no hash off the conductor's list."""
        await self._redis.zrem(keys.JOBS, job_id)

    async def of_owner(self, owner: str, before_ms: int | None, limit: int) -> Page:
        """The newest first; those created before `before_ms`, if given."""
        latest = f"({before_ms}" if before_ms is not None else "+inf"
        found: Any = await self._redis.zrevrangebyscore(keys.jobs_of(owner), latest, "-inf", 0, limit, withscores=True)
        ids = [job_id.decode() for job_id, _ in found]
        async with self._redis.pipeline(transaction=False) as pipe:
            for job_id in ids:
                pipe.hgetall(keys.job(job_id))
            hashes: Any = await pipe.execute()
        page = Page([], [], str(int(found[-1][1])) if len(found) == limit else None)
        for job_id, fields in zip(ids, hashes, strict=True):
            try:
                state = self._read(job_id, fields)
            except Unreadable:
                page.unreadable.append(job_id)
            else:
                page.states.extend([state] if state else [])
        return page

    async def look(self, job_id: str) -> tuple[State, Standing] | None:
        """A job and how the work on it stands, of one moment; None if there is none. Raises Unreadable."""
        fields, (fed, failed, language), numbers, known = await self.run(steps.look(job_id))
        state = self._read(job_id, dict(zip(fields[::2], fields[1::2], strict=True)))
        opened = frozenset(map(int, numbers))
        words = language.decode() if language else None
        return (state, Standing(int(fed or 0), opened, int(failed or 0), known, words)) if state else None

    async def chunks(self, job_id: str) -> dict[int, Chunk]:
        found: Any = await self._redis.hgetall(keys.job_chunks(job_id))
        return {int(number): jobs.chunk(text) for number, text in sorted(found.items(), key=lambda pair: int(pair[0]))}

    async def newest(self, job_id: str) -> int:
        """The `seq` of the newest durable event."""
        return int(await self._redis.hget(keys.session(job_id), "seq") or 0)

    async def events(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """The durable events with a `seq` greater than `after`, in order, up to now. One that this version cannot
        read is left out: what it was to say is missed where it is looked for (an end, a chunk's result)."""
        while True:
            first = f"({after}-0" if after else "-"
            entries: Any = await self._redis.xrange(keys.events(job_id), first, "+", EVENTS_AT_A_TIME)
            for entry_id, fields in entries:
                after = int(entry_id.partition(b"-")[0])
                try:
                    event = read(fields[b"body"])
                except codec.DecodeError:  # its text may quote what somebody said
                    self._tell("an event of a recording cannot be read by this version", job_id, after)
                else:
                    yield event
            if len(entries) < EVENTS_AT_A_TIME:
                return

    def _read(self, job_id: str, fields: Mapping[bytes, bytes]) -> State | None:
        try:
            return jobs.state(fields)
        except Unreadable:
            self._tell("a recording's record cannot be read by this version", job_id)
            raise

    def _tell(self, sentence: str, job_id: str, seq: int = 0) -> None:
        """Once of each job and event."""
        if (job_id, seq) in self._told:
            return
        log.error(sentence, extra={"job": job_id} | ({"seq": seq} if seq else {}))
        if len(self._told) >= MOST_TOLD:
            self._told.clear()
        self._told.add((job_id, seq))


def read(body: bytes) -> Event:
    """One event of a job's stream. Raises codec.DecodeError."""
    return cast(Event, codec.loads(body, *JOB_EVENTS, *EVENTS))
