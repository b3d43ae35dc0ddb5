"""Asking for the words of unfinished speech: one question at a time, given up when no answer comes.

Partials are shed first: nothing here waits for Redis, and nothing is tried twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from contracts import audio
from contracts.messages import Hypothesis
from fastapi_service.dispatch import UNREACHABLE
from fastapi_service.hearing import Hearing
from fastapi_service.live.conversation import Caption, PartialDue

log = logging.getLogger(__name__)


class Partials:
    """`ask` sends one question, may raise any of UNREACHABLE; its answer is waited for `patience` seconds."""

    def __init__(self, hearing: Hearing, ask: Callable[[PartialDue], Awaitable[None]], patience: float) -> None:
        self._hearing = hearing
        self._ask = ask
        self._patience = patience
        self._asked: tuple[int, float] | None = None
        self._answered = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None

    def due(self, due: PartialDue) -> None:
        """Ask, without waiting for it. The Conversation has one outstanding at most."""
        self._asked = (due.number, audio.seconds(due.end))
        self._answered.clear()
        self._asking = asyncio.create_task(self._question(due))

    async def answer(self, hypothesis: Hypothesis) -> Caption | None:
        """What it adds to the captions, if anything."""
        caption = await self._hearing.learn(hypothesis)
        if (hypothesis.utterance, hypothesis.end) == self._asked:
            self._answered.set()
        return caption

    async def settled(self) -> None:
        """Wait until the newest question is answered or given up."""
        if self._asking:
            await asyncio.wait({self._asking})

    def close(self) -> None:
        if self._asking:
            self._asking.cancel()

    async def _question(self, due: PartialDue) -> None:
        try:
            await self._ask(due)
            async with asyncio.timeout(self._patience):
                await self._answered.wait()
        except TimeoutError:
            await self._hearing.give_up_partial()
        except UNREACHABLE as error:
            log.debug("partial not asked", extra={"utterance": due.number, "error": error})
            await self._hearing.give_up_partial()
