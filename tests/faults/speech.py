"""What a client says: words out of the recorded sentences, each its own utterance, between silences."""

import asyncio
import functools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile

from contracts.audio import SAMPLE_RATE, Samples
from recorder_service.sources import BLOCK_SECONDS
from tests.faults import poison
from tests.speech import clips

BLOCK = round(BLOCK_SECONDS * SAMPLE_RATE)
WORD = round(0.8 * SAMPLE_RATE)
GAP = SAMPLE_RATE
"""Longer than the pause that ends a short utterance (live/rules.py): every word is an utterance."""
AUDIBLE = 0.02


@dataclass(frozen=True)
class Spoken:
    """From which sample of the recording to which one there was speech."""

    start: int
    end: int


@functools.cache
def sentences() -> tuple[Samples, ...]:
    """The recordings without the silence before them."""
    return tuple(_trimmed(soundfile.read(clip.path, dtype="float32")[0]) for clip in clips())


def _trimmed(samples: Samples) -> Samples:
    return samples[int(np.flatnonzero(np.abs(samples) > AUDIBLE)[0]) :]


@dataclass(frozen=True)
class Manner:
    """How a client speaks. `pace` 1 is real time; `most` utterances, or until it is stopped; `whole`
    sentences or the first word of them; `poisons` are the kinds that its first utterances carry."""

    pace: float = 2.0
    most: int | None = None
    whole: bool = False
    poisons: tuple[str, ...] = ()
    gap: int = GAP


class Speech:
    """A `Source` (recorder_service.sources) that never runs dry; `spoken` is what was given so far."""

    rate = SAMPLE_RATE
    can_wait = True

    def __init__(self, seed: int, manner: Manner) -> None:
        self.spoken: list[Spoken] = []
        self.given = 0
        """Samples, in all."""
        self._manner = manner
        self._chance = random.Random(seed)
        self._blocks = self._made()
        self._began: float | None = None
        self._stopped = asyncio.Event()

    async def read(self) -> Samples | None:
        if self._began is None:
            self._began = time.monotonic()
        wait = self._began + self.given / SAMPLE_RATE / self._manner.pace - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        return next(self._blocks, None)

    def stop(self) -> None:
        """What is being said is finished, and silence follows it."""
        self._stopped.set()

    def _made(self) -> Iterator[Samples]:
        poisons = list(self._manner.poisons)
        yield from self._cut(np.zeros(GAP, np.float32))
        while not self._stopped.is_set() and len(self.spoken) != self._manner.most:
            samples = self._chance.choice(sentences())
            if not self._manner.whole:
                samples = samples[:WORD]
            if poisons:
                samples = poison.poisoned(samples, poisons.pop(0))
            self.spoken.append(Spoken(self.given, self.given + len(samples)))
            pause = self._manner.gap + self._chance.randrange(SAMPLE_RATE // 2)
            yield from self._cut(np.concatenate([samples, np.zeros(pause, np.float32)]))

    def _cut(self, samples: Samples) -> Iterator[Samples]:
        for at in range(0, len(samples), BLOCK):
            block = samples[at : at + BLOCK]
            self.given += len(block)
            yield block
