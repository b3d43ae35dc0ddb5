"""What one client is still to hear, in order; unfinished words are the only thing that is skipped."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

from contracts.messages import Error, Transcript
from contracts.socket_messages import Partial

LIMIT = 256


@dataclass(frozen=True)
class Close:
    """The last message: the socket is closed with `code`."""

    code: int
    reason: str = ""


class Outbox:
    """A queue whose writers wait while LIMIT messages are unread; of partials only the newest is kept."""

    def __init__(self) -> None:
        self._messages: deque[Any] = deque()
        self._partial: Partial | None = None
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    async def put(self, message: Any) -> None:
        """Queue `message`; a transcript or an error makes the waiting partial of its utterance needless."""
        while len(self._messages) >= LIMIT:
            self._emptied.clear()
            await self._emptied.wait()
        self._messages.append(message)
        partial = self._partial
        ended = message.utterance if isinstance(message, Transcript | Error) else None
        if partial is not None and ended is not None and partial.utterance <= ended:
            self._partial = None
        self._filled.set()

    def put_partial(self, partial: Partial) -> None:
        """Show `partial` once everything queued is sent, unless a newer one comes before."""
        self._partial = partial
        self._filled.set()

    def close(self, code: int, reason: str = "") -> None:
        """Send what is queued, then close; never waits."""
        self._messages.append(Close(code, reason))
        self._filled.set()

    async def next(self) -> Any:
        """The next message, when there is one."""
        while True:
            if self._messages:
                self._emptied.set()
                return self._messages.popleft()
            if self._partial is not None:
                partial, self._partial = self._partial, None
                return partial
            self._filled.clear()
            await self._filled.wait()
