"""Whether a process's main loop still comes round. The heartbeat's thread asks, since it lives on, and
renews the heartbeat, when the loop hangs."""

import threading
import time
from collections.abc import Callable

STALLED_SECONDS = 30
"""Longer than any answer is waited for: who has not come round for so long hangs in the kernel."""


class Turns:
    """`say` changes fields of the heartbeat (contracts.heartbeat); `hangs` is the reason that it gives
    when no turn has come for `stalled_seconds`. Before the first turn nothing is missed: the heartbeat
    says "loading" then."""

    def __init__(self, say: Callable[..., None], hangs: str, stalled_seconds: float = STALLED_SECONDS) -> None:
        self._say = say
        self._hangs = hangs
        self._stalled_seconds = stalled_seconds
        self._at = float("inf")
        self._stalled = False
        self._telling = threading.Lock()

    def come(self) -> bool:
        """The loop has come round; whether it was said to hang, which is over now."""
        with self._telling:  # so that what is said next is not overtaken by what `watch` says
            self._at = time.monotonic()
            stalled, self._stalled = self._stalled, False
        return stalled

    def watch(self) -> None:
        """For the heartbeat's thread, on every beat."""
        with self._telling:
            if self._stalled or time.monotonic() <= self._at + self._stalled_seconds:
                return
            self._stalled = True
            self._say(state="failed", reason=self._hangs)
