"""Which jobs the conductor had trouble with: each is left alone for longer the more often."""

import time
from collections.abc import Callable

LONGEST_SECONDS = 10.0
MOST_JOBS = 10_000
"""Beyond, all is forgotten: each job is then looked at as if for the first time."""


class Trouble:
    """A job is left alone for `seconds` the first time, then for twice as long as before, up to LONGEST_SECONDS."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._jobs: dict[str, tuple[int, float]] = {}

    def comes(self, job_id: str) -> int:
        """A look has failed; how often in a row that is."""
        if len(self._jobs) >= MOST_JOBS:
            self._jobs.clear()
        times = self._jobs.get(job_id, (0, 0.0))[0] + 1
        pause = min(LONGEST_SECONDS, self._seconds * 2.0 ** min(times - 1, 10))
        self._jobs[job_id] = times, self._clock() + pause
        return times

    def goes(self, job_id: str) -> bool:
        """A look has not failed; whether the one before had."""
        return self._jobs.pop(job_id, None) is not None

    def waits(self, job_id: str) -> bool:
        return self._jobs.get(job_id, (0, 0.0))[1] > self._clock()
