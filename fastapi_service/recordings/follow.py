"""Follows a job's events from where a client has come to until its end."""

import asyncio
import logging
from collections.abc import AsyncIterator

from redis.exceptions import RedisError

from contracts.job_messages import Ended
from fastapi_service.recordings.book import Book, Event
from fastapi_service.recordings.job import Unreadable

PERIOD_SECONDS = 0.25
"""Between two looks at the stream. A pub/sub channel would tell sooner and lose what it tells while it is
cut; a look costs Redis some 20 us."""


AWAY_SECONDS = 1.0

log = logging.getLogger(__name__)


async def follow(book: Book, job_id: str, after: int) -> AsyncIterator[Event]:
    """The durable events with a `seq` greater than `after`, as they come; the last is the job's `Ended`, also for
    who has had it, unless the job is erased meanwhile, or cannot be read any more: who comes again is told.
    A number that no event has had yet, as after Redis has lost some, gives all of them. While Redis is
    away it waits."""
    while True:
        try:
            async for event in _follow(book, job_id, after):
                after = event.seq or after
                yield event
            return
        except Unreadable:  # the book has said so
            return
        except RedisError as error:
            log.warning("followers of a recording wait for Redis", extra={"job": job_id, "error": error})
            await asyncio.sleep(AWAY_SECONDS)


async def _follow(book: Book, job_id: str, after: int) -> AsyncIterator[Event]:
    if after > await book.newest(job_id):
        after = 0
    while True:
        state = await book.state(job_id)
        async for event in book.events(job_id, after):
            after = event.seq or after
            if not isinstance(event, Ended):
                yield event
            elif await _is_the_end(book, job_id, event):  # else a dead letter was replayed, and it goes on
                yield event
                return
        if state is None:
            return
        if state.over:
            ends = [event async for event in book.events(job_id) if isinstance(event, Ended)]
            for event in ends[-1:]:
                yield event
            return
        await asyncio.sleep(PERIOD_SECONDS)


async def _is_the_end(book: Book, job_id: str, ended: Ended) -> bool:
    state = await book.state(job_id)
    return state is None or state.status == ended.status
