"""What the workers answer, brought to the session that waits for it: one pub/sub connection for all.

Pub/sub may miss events without any error, so nothing here trusts it: events are numbered, a gap is
filled from the session's stream, and while answers are owed the stream is looked at anyway.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from contracts import codec, keys
from contracts.messages import EVENTS, Error, Hypothesis, Result, Transcript

log = logging.getLogger(__name__)

Event = Transcript | Result | Error | Hypothesis

RECHECK_SECONDS = 2.0
RECONNECT_SECONDS = 0.25
OPEN_SECONDS = 3.0


class Feed:
    """One session's events in the order of their `seq`, each once; hypotheses as they come."""

    def __init__(self, session: str, redis: Redis, owed: Callable[[], bool]) -> None:
        self.session = session
        self._redis = redis
        self._owed = owed
        self._bodies: asyncio.Queue[bytes] = asyncio.Queue()
        self._last = 0

    def offer(self, body: bytes) -> None:
        """Take a message of the session's channel."""
        self._bodies.put_nowait(body)

    async def next(self) -> list[Event]:
        """Wait for news; [] now and then."""
        try:
            async with asyncio.timeout(RECHECK_SECONDS):
                body = await self._bodies.get()
        except TimeoutError:
            return await self._stored() if self._owed() else []
        seq, event = _parse(body, self.session)
        if seq is None:
            return [event] if event else []
        if seq > self._last + 1:
            return await self._stored()
        if seq <= self._last:
            return []
        self._last = seq
        return [event] if event else []

    async def _stored(self) -> list[Event]:
        """Everything in the stream after the last event."""
        try:
            entries: Any = await self._redis.xrange(keys.events(self.session), min=f"{self._last + 1}-0")
        except (RedisError, OSError) as error:
            log.warning("events not read", extra={"session": self.session, "error": error})
            return []
        events = []
        for _, fields in entries:
            seq, event = _parse(fields[b"body"], self.session)
            self._last = seq or self._last
            if event:
                events.append(event)
        return events


class Results:
    """Reads the pub/sub connection; `redis` is a client of its own, `store` the one for streams."""

    def __init__(self, redis: Redis, store: Redis) -> None:
        self._pubsub = redis.pubsub(ignore_subscribe_messages=True)
        self._store = store
        self._feeds: dict[bytes, Feed] = {}
        self._subscribing = asyncio.Lock()
        self._connected = asyncio.Event()
        # keeps the connection open while there is no session; no session has this name
        self._idle = keys.events(f"gateway-{secrets.token_hex(8)}")

    async def open(self, session: str, owed: Callable[[], bool]) -> Feed:
        """Start to follow `session`; `owed` says whether answers are expected. Raises RedisError."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._connected.wait()
        except TimeoutError:
            raise RedisConnectionError("the results connection is down") from None
        feed = Feed(session, self._store, owed)
        channel = keys.events(session)
        self._feeds[channel.encode()] = feed
        try:
            async with self._subscribing:
                await self._pubsub.subscribe(channel)
        except BaseException:
            del self._feeds[channel.encode()]
            raise
        return feed

    async def close(self, feed: Feed) -> None:
        """Follow it no more."""
        channel = keys.events(feed.session)
        self._feeds.pop(channel.encode(), None)
        try:
            async with self._subscribing:
                await self._pubsub.unsubscribe(channel)
        except (RedisError, OSError):
            # the server forgot it with the connection; the client must not subscribe to it again
            self._pubsub.channels.pop(channel.encode(), None)

    async def run(self) -> None:
        """Read until cancelled, connecting again whenever it must."""
        while True:
            try:
                await self._read()
            except (RedisError, OSError) as error:
                if self._connected.is_set():
                    log.warning("results connection lost", extra={"error": error})
                self._connected.clear()
            except Exception:
                # whatever it was, every session depends on this loop
                log.exception("results connection failed")
                self._connected.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def stop(self) -> None:
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py has no annotation here

    async def _read(self) -> None:
        async with self._subscribing:
            await self._pubsub.subscribe(self._idle)
        while True:
            message = await self._pubsub.get_message(timeout=RECHECK_SECONDS)
            if not self._connected.is_set():
                self._connected.set()
                log.info("results connection up", extra={"sessions": len(self._feeds)})
            feed = self._feeds.get(message["channel"]) if message else None
            if feed is not None and message is not None:
                feed.offer(message["data"])


def _parse(body: bytes, session: str) -> tuple[int | None, Event | None]:
    """Its number, if it has one, and the event; None for one that this gateway cannot read."""
    data = json.loads(body)
    try:
        return data.get("seq"), cast(Event, codec.decode(data, *EVENTS, Hypothesis))
    except codec.DecodeError:
        # not the error's text: it may quote what somebody said
        log.error("event not understood", extra={"session": session, "kind": data.get("type")})
        return data.get("seq"), None
