"""Blocks of a microphone on their way from PortAudio's thread to the event loop.

So many are kept while the loop is held up, and no more. The oldest go then, and silence of the same
length comes in their place, so that what is said later keeps its time.
"""

import asyncio
import threading
from collections import deque

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


class Capture:
    """`loop` reads; at most `most` blocks are kept."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        self._loop = loop
        self._most = most
        self._blocks: deque[Samples] = deque()
        self._missing = 0
        """Samples that were given up before what is kept."""
        self._ended = False
        self._lock = threading.Lock()
        self._news = asyncio.Event()
        self._told = False
        """The loop has been woken and has not looked yet: waking it again would only queue up."""

    def add(self, block: Samples) -> None:
        """From any thread; never waits."""
        with self._lock:
            if len(self._blocks) == self._most:
                self._missing += len(self._blocks.popleft())
            self._blocks.append(block)
        self._tell()

    def end(self) -> None:
        """No more: after what is kept `next` gives None."""
        with self._lock:
            self._ended = True
        self._tell()

    async def next(self) -> Samples | None:
        """The next block, or silence for what is missing before it; None at the end."""
        while True:
            with self._lock:
                self._told = False
                self._news.clear()
                if self._missing:
                    length = min(self._missing, len(self._blocks[0]))
                    self._missing -= length
                    return np.zeros(length, np.float32)
                if self._blocks:
                    return self._blocks.popleft()
                if self._ended:
                    return None
            await self._news.wait()

    def _tell(self) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self._loop.call_soon_threadsafe(self._news.set)
