"""Who is let in: a new session while there is room, or the rightful owner of one that goes on."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator

from redis.exceptions import RedisError

from contracts.connect import out_of_memory
from contracts.socket_messages import Start
from fastapi_service import codes
from fastapi_service.codes import Refusal
from fastapi_service.exchange import Begun
from fastapi_service.feed import Feed
from fastapi_service.gateway import Gateway
from fastapi_service.load import storage_full
from fastapi_service.sessions import Identity, Standing

log = logging.getLogger(__name__)

RESUMED_SHARE = 2
"""Of MAX_SESSIONS: how many connections there may be when sessions of another gateway go on here."""


async def admit(start: Start, gateway: Gateway) -> Begun:
    """Make the session that `start` asks for this connection's. Raises Refusal."""
    if start.session is None or start.key is None:
        return await _begin(gateway)
    return await _resume(Identity(start.session, start.key), start.after or 0, gateway)


async def _begin(gateway: Gateway) -> Begun:
    most = gateway.settings.max_sessions
    if len(gateway.connections) >= most:
        raise Refusal(codes.FULL, f"all places are taken ({most} sessions); try again in a minute", 60.0)
    await gateway.load.look()
    if gateway.load.refusal:
        raise gateway.load.refusal
    identity = Identity.new()
    async with _followed(identity, 0, gateway) as feed:
        await gateway.sessions.create(identity, time.time())
    return Begun(identity, Standing(), feed)


async def _resume(identity: Identity, after: int, gateway: Gateway) -> Begun:
    if len(gateway.connections) >= RESUMED_SHARE * gateway.settings.max_sessions:
        raise Refusal(codes.FULL, "all places are taken, also for sessions that go on; try again in a moment", 5.0)
    async with _followed(identity, after, gateway) as feed:
        standing = await gateway.sessions.take_over(identity, after)
        if standing is None:
            raise Refusal(
                codes.CANNOT_RESUME, "this session is not known under that key, or is over a day old; start a new one"
            )
    log.info("session resumed", extra={"session": identity.session, "after": after, "open": len(standing.open)})
    return Begun(identity, standing, feed)


@contextlib.asynccontextmanager
async def _followed(identity: Identity, after: int, gateway: Gateway) -> AsyncIterator[Feed]:
    """The feed is open before the session is ours, so that nothing falls between; closed again if it
    does not become ours. Redis' failures become Refusals."""
    gateway.connections.add(identity.owner)
    feed: Feed | None = None
    try:
        feed = await gateway.results.open(identity.session, after)
        yield feed
    except BaseException as error:
        gateway.connections.discard(identity.owner)
        if feed:
            closing = asyncio.ensure_future(gateway.results.close(feed))
            await asyncio.shield(closing)
        if isinstance(error, RedisError | OSError):
            log.warning("session refused: no storage", extra={"session": identity.session, "error": error})
            raise _no_storage(error) from None
        raise


def _no_storage(error: Exception) -> Refusal:
    if out_of_memory(error):
        return storage_full()
    return Refusal(codes.STORAGE_UNAVAILABLE, "the server cannot reach its storage (Redis); try again in a moment", 2.0)
