"""Follows a job's events from where a client has come to until its end."""

import asyncio
from collections.abc import AsyncIterator

from contracts.job_messages import Ended
from fastapi_service.recordings.book import Book, Event

PERIOD_SECONDS = 0.25
"""Between two looks at the stream. A pub/sub channel would tell sooner and lose what it tells while it is
cut; a look costs Redis some 20 us."""


async def follow(book: Book, job_id: str, after: int) -> AsyncIterator[Event]:
    """The durable events with a `seq` greater than `after`, as they come; the last is `Ended`, unless the job
    is erased meanwhile. Raises RedisError."""
    while True:
        async for event in book.events(job_id, after):
            after = event.seq or after
            yield event
            if isinstance(event, Ended):
                state = await book.state(job_id)
                if state is None or state.over:  # else a dead letter was replayed, and it goes on
                    return
        if await book.state(job_id) is None:
            return
        await asyncio.sleep(PERIOD_SECONDS)
