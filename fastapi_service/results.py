"""What the workers answer, brought to the connections that wait for it: one pub/sub connection for all.

A session has one connection as a rule, two while one takes it over from the other.
"""

import asyncio
import logging
import secrets
from collections import defaultdict

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from contracts import keys
from fastapi_service.feed import RECHECK_SECONDS, Feed

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.25
OPEN_SECONDS = 3.0


class Results:
    """Reads the pub/sub connection; `redis` is a client of its own, `store` the one for streams."""

    def __init__(self, redis: Redis, store: Redis) -> None:
        self._pubsub = redis.pubsub(ignore_subscribe_messages=True)
        self._store = store
        self._feeds: defaultdict[bytes, list[Feed]] = defaultdict(list)
        self._subscribing = asyncio.Lock()
        self._connected = asyncio.Event()
        # keeps the connection open while there is no session; no session has this name
        self._idle = keys.events(f"gateway-{secrets.token_hex(8)}")

    async def open(self, session: str, after: int = 0) -> Feed:
        """Start to follow `session` behind its event `after`. Raises RedisError."""
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._connected.wait()
        except TimeoutError:
            raise RedisConnectionError("the results connection is down") from None
        feed = Feed(session, self._store, after)
        channel = keys.events(session)
        self._feeds[channel.encode()].append(feed)
        try:
            async with self._subscribing:
                await self._pubsub.subscribe(channel)
        except BaseException:
            self._forget(feed)
            raise
        return feed

    async def close(self, feed: Feed) -> None:
        """Follow it no more."""
        channel = keys.events(feed.session)
        self._forget(feed)
        try:
            async with self._subscribing:
                if channel.encode() not in self._feeds:  # else another connection listens to it
                    await self._pubsub.unsubscribe(channel)
        except (RedisError, OSError):
            # the server forgot it with the connection; the client must not subscribe to it again
            self._pubsub.channels.pop(channel.encode(), None)

    def _forget(self, feed: Feed) -> None:
        channel = keys.events(feed.session).encode()
        feeds = self._feeds[channel]
        if feed in feeds:
            feeds.remove(feed)
        if not feeds:
            del self._feeds[channel]

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
            for feed in self._feeds.get(message["channel"], ()) if message else ():
                feed.offer(message["data"])
