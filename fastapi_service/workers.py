"""Which workers live and what they run, from the heartbeats that they leave in Redis."""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from contracts import codec, keys
from contracts.messages import Heartbeat

log = logging.getLogger(__name__)

STT, ANALYZER = "stt_worker", "analyzer_worker"
NEEDED = (STT, ANALYZER)
"""Without one of each speech becomes no result."""
WANTED = ("listener_service", "sweeper", "recordings_worker", "conductor")
"""Without them it does, but is not in the log, or is not sent again when something dies on the way, or no
recording is worked on."""

FRESH_SECONDS = 1.0
_ORDER = ("ready", "loading", "failed")


@dataclass(frozen=True)
class Crew:
    """Every heartbeat seen at one moment."""

    beats: tuple[Heartbeat, ...] = ()

    def of(self, service: str) -> list[Heartbeat]:
        """The workers of one service, the ready ones first."""
        beats = [beat for beat in self.beats if beat.service == service]
        return sorted(beats, key=lambda beat: _ORDER.index(beat.state) if beat.state in _ORDER else len(_ORDER))

    def best(self, service: str) -> Heartbeat:
        """The worker that says most about the service; one with state `missing` when there is none."""
        beats = self.of(service)
        if beats:
            return beats[0]
        reason = f"no {service} is running; start one (the Procfile has its command) or look at why it ended in its log"
        return Heartbeat(worker="", service=service, state="missing", reason=reason)

    @property
    def missing(self) -> list[Heartbeat]:
        """What stands in the way: the best of each needed service that has no ready worker."""
        return [best for best in map(self.best, NEEDED) if best.state != "ready"]

    @property
    def demo_models(self) -> bool:
        return any(self.best(service).demo_models for service in NEEDED)


class Workers:
    """Looks at most once a second, however many ask."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._crew = Crew()
        self._seen_at = float("-inf")
        self._looking = asyncio.Lock()
        self.were_ready = False
        """Whether every needed service has had a ready worker since this gateway began."""

    async def look(self) -> Crew:
        """Raises RedisError."""
        async with self._looking:
            if time.monotonic() - self._seen_at > FRESH_SECONDS:
                self._crew = Crew(tuple(_heartbeats(await self._bodies())))
                self._seen_at = time.monotonic()
                self.were_ready = self.were_ready or not self._crew.missing
            return self._crew

    async def _bodies(self) -> list[bytes]:
        """What the living workers say; those whose heartbeat has stopped are forgotten, by kombu, too. (One that was
        only suspended tells its name and its mailbox again.)"""
        members: Any = await self._redis.smembers(keys.WORKERS)
        names = [name.decode() for name in members]
        if not names:
            return []
        bodies: Any = await self._redis.mget([keys.heartbeat(name) for name in names])
        gone = [name for name, body in zip(names, bodies, strict=True) if body is None]
        if gone:
            await self._redis.srem(keys.WORKERS, *gone)
            await self._redis.srem(keys.MAILBOXES, *map(keys.mailbox, gone))
        return [body for body in bodies if body is not None]


def _heartbeats(bodies: Sequence[bytes]) -> Iterator[Heartbeat]:
    for body in bodies:
        try:
            yield codec.loads(body, Heartbeat)
        except codec.DecodeError as error:
            log.warning("heartbeat not understood", extra={"error": error})


def why(beat: Heartbeat) -> str:
    """A sentence on a worker that is not ready."""
    if beat.reason:
        return beat.reason
    if beat.state == "loading" and beat.service in NEEDED:
        return f"{beat.service} is loading its model {beat.model}".rstrip()
    return f"{beat.service} is {beat.state}"
