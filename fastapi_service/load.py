"""What this gateway may take on, measured: whether partials are asked for, whether audio and new sessions
come in. It only looks and answers; nothing that carries audio waits for a look.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable

from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.messages import Transcript
from contracts.names import STT_QUEUE
from fastapi_service import backlog, codes
from fastapi_service.backlog import FINALS, Backlog
from fastapi_service.codes import Refusal
from fastapi_service.memory import Memory
from fastapi_service.pressure import Level, Pressure
from fastapi_service.workers import Workers

log = logging.getLogger(__name__)

PERIOD_SECONDS, FRESH_SECONDS = 1.0, 0.9
ASKED_SECONDS = 1.0
FULL_RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 60.0
"""The wait may be over sooner than it is long: another worker may start."""


class Load:
    """`most_wait`: seconds that finals may wait before new sessions are refused; `elsewhere`: the queues are
    not in this Redis."""

    def __init__(self, redis: Redis, workers: Workers, most_wait: float, elsewhere: bool = False) -> None:
        self._redis = redis
        self._workers = workers
        self._most_wait = most_wait
        self._elsewhere = elsewhere
        self._looking: asyncio.Task[None] | None = None
        self._looked_at = float("-inf")
        self._room = asyncio.Event()
        self._room.set()
        self._told_level = Level.NORMAL
        self.pressure = Pressure()
        self.memory = Memory()
        self.backlog = Backlog()
        """As of the last look."""

    async def watch(self, busy: Callable[[], bool]) -> None:
        """Look once a second while `busy`, until cancelled."""
        while True:
            if busy():
                await self.look()
            await asyncio.sleep(PERIOD_SECONDS)

    async def look(self) -> None:
        """See to it that nothing known is older than a second; a Redis that does not answer soon is not
        waited for. Never raises."""
        if time.monotonic() - self._looked_at < FRESH_SECONDS:
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await asyncio.wait({self._looking}, timeout=ASKED_SECONDS)

    async def stop(self) -> None:
        if self._looking:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    def learn(self, transcript: Transcript) -> None:
        self.pressure.learn(transcript, time.time() - transcript.at, time.monotonic())
        self._tell()

    @property
    def spacing(self) -> float:
        """How many times as rarely partials are asked for now; infinity: none."""
        return math.inf if self.memory.full else self.pressure.spacing

    @property
    def p95(self) -> float:
        """Seconds that finals have waited for a worker of late."""
        return self.pressure.p95(time.monotonic())

    @property
    def wait(self) -> float:
        """Seconds that a new final is expected to wait."""
        return max(self.p95, self.backlog.oldest(*FINALS))

    @property
    def refusal(self) -> Refusal | None:
        """Why no new session is taken, if so. Until the first workers have been ready (they load their
        models) what is said waits for them."""
        if self.memory.full:
            return storage_full(self.memory.share)
        wait = self.wait
        if wait <= self._most_wait or not self._workers.were_ready:
            return None
        again = min(LONGEST_RETRY_SECONDS, math.ceil(wait))
        message = f"speech waits {wait:.0f} s for its words here just now; try again in {again:.0f} seconds"
        return Refusal(codes.FULL, message, again)

    async def room(self, seconds: float) -> bool:
        """Wait so long for Redis to have room for new audio; whether it has."""
        if not self._room.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._room.wait()
            except TimeoutError:
                return False
        return True

    async def _look(self) -> None:
        try:
            self.backlog = await backlog.read(self._redis, time.time(), self._elsewhere)
        except (RedisError, OSError) as error:  # told where it matters
            log.debug("load not measured", extra={"error": error})
            self.backlog = Backlog(memory=self.backlog.memory)
        self._looked_at = time.monotonic()
        self.pressure.look(self.backlog.oldest(STT_QUEUE), self._looked_at)
        if self.backlog.memory:
            self.memory.learn(*self.backlog.memory)
        self._tell()

    def _tell(self) -> None:
        """Act on what has changed, and log it."""
        if self.pressure.level is not self._told_level:
            self._told_level = self.pressure.level
            wait_ms = round(1000 * self.wait)
            log.info("partials", extra={"level": self._told_level.name.lower(), "finals_wait_ms": wait_ms})
        if self.memory.full and self._room.is_set():
            self._room.clear()
            log.error("storage nearly full: no new audio is taken", extra={"share": self.memory.share})
        elif not self.memory.full and not self._room.is_set():
            self._room.set()
            log.info("storage has room again", extra={"share": self.memory.share})


def storage_full(share: float | None = None) -> Refusal:
    much = f" ({share:.0%} of its memory)" if share is not None else ""
    message = f"the server's storage is full{much}; try again in {FULL_RETRY_SECONDS:.0f} seconds"
    return Refusal(codes.STORAGE_FULL, message, FULL_RETRY_SECONDS)
