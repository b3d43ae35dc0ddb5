"""One connection's share of what the workers answer: durable events in order, each once, and hypotheses.

Pub/sub may miss events without any error, so nothing here trusts it: events are numbered, a gap is
filled from the session's stream, and while answers are owed the stream is looked at anyway.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts import codec, keys
from contracts.messages import EVENTS, Error, Hypothesis, Result, TakenOver, Transcript
from fastapi_service.codes import EVENTS_LOST

log = logging.getLogger(__name__)

Event = Transcript | Result | Error | Hypothesis | TakenOver

RECHECK_SECONDS = 2.0
LIMIT = 1000
"""Messages waiting here; what comes beyond is read from the stream once there is room."""
PAGE = 256
"""Events read from the stream at a time."""


class Feed:
    """`after` is the `seq` of the last event that need not come. The first thing it gives is what the
    stream already holds."""

    def __init__(self, session: str, redis: Redis, after: int = 0) -> None:
        self.session = session
        self._redis = redis
        self._owed: Callable[[], bool] = lambda: True
        self._bodies: asyncio.Queue[bytes] = asyncio.Queue(LIMIT)
        self._last = after
        self._behind = True
        self._caught_up = asyncio.Event()

    def offer(self, body: bytes) -> None:
        """Take a message of the session's channel."""
        if self._bodies.full():
            self._behind = True
            return
        self._bodies.put_nowait(body)

    def expect(self, owed: Callable[[], bool]) -> None:
        """From now on the stream is looked at without being told only while `owed` says that answers are due."""
        self._owed = owed

    async def caught_up(self) -> None:
        """Wait until everything that the stream held at the beginning has been given."""
        await self._caught_up.wait()

    async def next(self) -> list[Event]:
        """Wait for news; [] now and then."""
        if self._behind:
            return await self._stored()
        try:
            async with asyncio.timeout(RECHECK_SECONDS):
                body = await self._bodies.get()
        except TimeoutError:
            return await self._stored() if self._owed() else []
        seq, event = _parse(body, self.session)
        if seq is None:
            return [event] if event else []
        if seq > self._last + 1:
            return await self._fill(seq, event)
        if seq <= self._last:
            return []
        self._last = seq
        return [event] if event else []

    async def _fill(self, seq: int, event: Event | None) -> list[Event]:
        """What was missed before event `seq`, which is in the stream too unless that was trimmed."""
        events = await self._stored()
        if self._behind or self._last >= seq:
            return events
        events += self._skip(seq)
        self._last = seq
        return [*events, event] if event else events

    async def _stored(self) -> list[Event]:
        """The stream's next page after the last event."""
        try:
            entries: Any = await self._redis.xrange(keys.events(self.session), min=f"{self._last + 1}-0", count=PAGE)
        except (RedisError, OSError) as error:
            log.warning("events not read", extra={"session": self.session, "error": error})
            if self._behind:
                await asyncio.sleep(RECHECK_SECONDS)
            return []
        events: list[Event] = []
        for _, fields in entries:
            seq, event = _parse(fields[b"body"], self.session)
            if seq is None:
                continue
            events += self._skip(seq)
            self._last = seq
            if event:
                events.append(event)
        self._behind = len(entries) == PAGE
        if not self._behind:
            self._caught_up.set()
        return events

    def _skip(self, seq: int) -> list[Event]:
        """Say that the events between the last one and `seq` are gone, if there are any."""
        count = seq - self._last - 1
        if count <= 0:
            return []
        log.error("events lost", extra={"session": self.session, "count": count})
        message = f"{count} events of this session are no longer kept; the operator's result log has them"
        return [Error(self.session, EVENTS_LOST.name, message, EVENTS_LOST.retryable, at=time.time())]


def _parse(body: bytes, session: str) -> tuple[int | None, Event | None]:
    """Its number, if it has one, and the event; None for one that this gateway cannot read."""
    data = json.loads(body)
    try:
        return data.get("seq"), cast(Event, codec.decode(data, *EVENTS, Hypothesis, TakenOver))
    except codec.DecodeError:
        # not the error's text: it may quote what somebody said
        log.error("event not understood", extra={"session": session, "kind": data.get("type")})
        return data.get("seq"), None
