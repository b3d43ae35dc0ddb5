"""A caller that waits for its job: while it does the job goes on, and ends soon after it has gone away."""

import time

from fastapi import Request

from contracts.messages import Result
from fastapi_service.recordings import steps
from fastapi_service.recordings.book import Book, Event

HEAR_SECONDS = 3.0
"""A third of what the conductor waits for a caller to come back (`advance.Rules.gone_seconds`), and less."""


class GoneAway(Exception):
    """The caller has closed its connection."""


class Awaiting:
    """Says now and again that the job is waited for. Methods raise RedisError."""

    def __init__(self, book: Book, job_id: str, request: Request) -> None:
        self._book = book
        self._job_id = job_id
        self._request = request
        self._said = float("-inf")

    async def here(self) -> None:
        """To be called a few times a second. Raises GoneAway."""
        if await self._request.is_disconnected():
            raise GoneAway
        if time.monotonic() - self._said > HEAR_SECONDS:
            await self._book.run(steps.hear(self._job_id))
            self._said = time.monotonic()


class InOrder:
    """Chunks have their results in any order; gives them in the recording's."""

    def __init__(self) -> None:
        self._next = 1
        self._waiting: dict[int, Result] = {}

    def add(self, event: Event) -> list[Result]:
        """What can be told now."""
        if isinstance(event, Result):
            self._waiting[event.utterance] = event
        told = []
        while self._next in self._waiting:
            told.append(self._waiting.pop(self._next))
            self._next += 1
        return told
