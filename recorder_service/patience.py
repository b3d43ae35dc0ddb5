"""How long to wait before the next attempt, and when to stop trying; pure: the time is an argument."""

import random
from collections.abc import Callable

from recorder_service.options import Waits


class Patience:
    def __init__(self, waits: Waits, chance: Callable[[], float] = random.random) -> None:
        self._waits = waits
        self._chance = chance
        self._attempts = 0
        self._since: float | None = None

    def progress(self) -> None:
        """Something went well: the next break is a new one."""
        self._attempts = 0
        self._since = None

    def wait(self, now: float, told: float = 0.0) -> float | None:
        """Seconds before the next attempt, at least what the server `told` us to wait; None when there
        was no progress for too long. `now` is the time of any one clock, in seconds."""
        if self._since is None:
            self._since = now
        if now - self._since >= self._waits.patience:
            return None
        full = min(self._waits.longest, self._waits.first * 2.0 ** min(self._attempts, 30))
        self._attempts += 1
        # never before the server wants us, and not all of those whom it told so at once
        later = min(told, self._waits.told) * (1 + self._chance() / 5)
        return max(later, full * (0.5 + self._chance() / 2))
