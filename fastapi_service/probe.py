"""Proof that speech becomes results: a half-second clip sent through both queues, and what came of it."""

import asyncio
import base64
import logging
import secrets
import time

import numpy as np
from kombu.exceptions import OperationalError

from contracts import audio
from contracts.messages import Error, Result, TranscribeTask
from contracts.names import PROBE_PREFIX
from fastapi_service.dispatch import UNREACHABLE, Dispatch
from fastapi_service.results import Results
from fastapi_service.workers import Workers, why

log = logging.getLogger(__name__)

ANSWER_SECONDS = 30.0
PAUSE_SECONDS = 1.0
OLD_SECONDS = 60.0
ASKED_SECONDS = 3.0


class Probe:
    """Runs from the start until a clip comes back; later only when somebody asks and the newest proof,
    a clip or a real result, is old."""

    def __init__(self, dispatch: Dispatch, results: Results, workers: Workers, queues: str = "Redis") -> None:
        """`queues`: what they are in, in words."""
        self._dispatch = dispatch
        self._results = results
        self._workers = workers
        self._queues = queues
        self._running: asyncio.Task[None] | None = None
        self._proved_at = float("-inf")
        self.result: Result | None = None
        """The last answer."""
        self.reason: str | None = "no clip has been through the queues yet"
        """Why the newest attempt failed; None after a success."""

    @property
    def age(self) -> float:
        """Seconds since the last success."""
        return time.monotonic() - self._proved_at

    def start(self) -> None:
        """Begin to try, unless it is trying already."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._try_until_proved())

    async def ask(self) -> None:
        """Renew an old proof, waiting a moment for it; then `reason` is as new as it gets."""
        if self.reason is None and self.age < OLD_SECONDS:
            return
        self.start()
        if self._running:
            await asyncio.wait({self._running}, timeout=ASKED_SECONDS if self.reason is None else 0)

    def witness(self, result: Result) -> None:
        """A real result is as good a proof as a clip, and comes also while workers are too busy for
        clips. One without words has not been at the analyzer."""
        if result.sentiment.model:
            self._prove(result)

    async def stop(self) -> None:
        if self._running:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def _try_until_proved(self) -> None:
        while True:
            began = time.monotonic()
            reason = await self._attempt()
            if self._proved_at >= began:
                reason = None
            if reason != self.reason:
                log.info("probe", extra={"proved": reason is None, "reason": reason})
            self.reason = reason
            if reason is None:
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _attempt(self) -> str | None:
        """None, or why it did not come back."""
        try:
            crew = await self._workers.look()
            if crew.missing:
                return "; ".join(map(why, crew.missing))
            return await self._send_clip()
        except TimeoutError:  # before UNREACHABLE: it is an OSError too
            return f"a test clip did not come back within {ANSWER_SECONDS:.0f} s; the workers are busy or stuck"
        except UNREACHABLE as error:
            away = self._queues if isinstance(error, OperationalError) else "Redis"
            return f"{away} cannot be reached: {error}"

    def _prove(self, result: Result) -> None:
        self.result, self.reason, self._proved_at = result, None, time.monotonic()

    async def _send_clip(self) -> str | None:
        session = PROBE_PREFIX + secrets.token_hex(8)
        feed = await self._results.open(session)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._dispatch.ask_probe(_clip(session))
                while True:
                    for event in await feed.next():
                        if isinstance(event, Error):
                            return f"{event.stage}: {event.message}"
                        if isinstance(event, Result):
                            self._prove(event)
                            return None
        finally:
            await self._results.close(feed)


def _clip(session: str) -> TranscribeTask:
    """Half a second of a quiet 440 Hz tone."""
    seconds = np.arange(audio.SAMPLE_RATE // 2, dtype=np.float32) / np.float32(audio.SAMPLE_RATE)
    pcm = audio.to_s16le((0.1 * np.sin(2 * np.pi * 440 * seconds)).astype(np.float32))
    return TranscribeTask(
        session=session,
        utterance=0,
        kind="probe",
        audio_base64=base64.b64encode(pcm).decode(),
        audio_bytes=len(pcm),
        audio_sha256=audio.digest(pcm),
        end=0.5,
        speech_seconds=0.5,
        trace=session,
        spoken_at=time.time(),
        accepted_at=time.time(),
    )
