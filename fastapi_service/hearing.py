"""One session's ear: PCM of any rate in, in order, off the event loop; utterances and partials out."""

import asyncio
import dataclasses
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

import numpy as np

from contracts.audio import SAMPLE_RATE, Samples, decode_pcm
from contracts.messages import Hypothesis, Transcript
from contracts.socket_messages import Start
from fastapi_service.arrivals import Arrivals
from fastapi_service.frames import language
from fastapi_service.live.conversation import Caption, Conversation, Origin, PartialDue, Utterance, VoiceDetector
from fastapi_service.live.rules import DEFAULT
from fastapi_service.resample import Resampler

T = TypeVar("T")


class Hearing:
    """Wraps a Conversation, which is not thread-safe: one call at a time, the long ones in a thread."""

    def __init__(self, start: Start, detector: VoiceDetector, threads: Executor, origin: Origin | None = None) -> None:
        origin = origin or Origin()
        self._format = start.format
        self._resampler = Resampler(start.sample_rate)
        self.received = self._resampler.first_client_sample(origin.samples)
        """The session's samples up to here have been received, at the client's rate."""
        begun = dataclasses.replace(
            origin,
            samples=self.received * SAMPLE_RATE // start.sample_rate,
            language=language(start) or origin.language,
        )
        self._conversation = Conversation(detector, DEFAULT, begun)
        self._threads = threads
        self._arrivals = Arrivals()
        self._one_at_a_time = asyncio.Lock()

    @property
    def settled(self) -> int:
        """Samples at 16 kHz before which all is silence or in an utterance returned."""
        return self._conversation.settled

    def in_client_samples(self, count: int) -> int:
        """Samples at 16 kHz in the client's, rounded down."""
        return self._resampler.in_client_samples(count)

    @property
    def language(self) -> str | None:
        return self._conversation.language

    async def hear(self, data: bytes, at: float, spacing: float = 1.0) -> list[Utterance | PartialDue]:
        """Take the bytes received at `at` (unix seconds); `spacing` as in `Conversation.hear`. Raises NotPcm."""
        return await self._in_thread(lambda: self._hear(data, at, spacing))

    async def stop(self, at: float) -> list[Utterance]:
        """No more audio: the utterances that were not finished."""
        return await self._in_thread(lambda: self._stop(at))

    async def learn(self, hypothesis: Hypothesis) -> Caption | None:
        async with self._one_at_a_time:
            return self._conversation.learn(hypothesis)

    async def give_up_partial(self) -> None:
        async with self._one_at_a_time:
            self._conversation.give_up_partial()

    async def conclude(self, transcript: Transcript) -> None:
        async with self._one_at_a_time:
            self._conversation.conclude(transcript)

    def spoken_at(self, utterance: Utterance) -> float:
        """When the last voiced sample was received (unix seconds)."""
        return self._arrivals.when(utterance.voiced_end)

    def forget(self) -> None:
        """Every utterance returned so far has been asked for its `spoken_at`."""
        self._arrivals.forget(self._conversation.settled)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _hear(self, data: bytes, at: float, spacing: float) -> list[Utterance | PartialDue]:
        # clipped before the resampler, whose filter overflows to NaN on 1e38 and stays there
        samples: Samples = np.clip(decode_pcm(data, self._format), -1.0, 1.0)
        self.received += len(samples)
        signals = self._conversation.hear(self._resampler.feed(samples), spacing)
        self._arrivals.note(self._conversation.heard, at)
        return signals

    def _stop(self, at: float) -> list[Utterance]:
        rest = [signal for signal in self._conversation.hear(self._resampler.finish()) if isinstance(signal, Utterance)]
        self._arrivals.note(self._conversation.heard, at)
        return rest + self._conversation.stop()
