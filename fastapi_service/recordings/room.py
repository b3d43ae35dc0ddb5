"""How many chunks all jobs together may have with the workers, and what each job's share of them is."""

import time
from collections.abc import Callable


class Room:
    """For `most` chunks. What is known of a job counts for `seconds`; each has to be told of again before then, so
    that one which is erased meanwhile takes up no room."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._jobs: dict[str, tuple[float, int]] = {}

    def grant(self, job_id: str, opened: int, wanted: int) -> int:
        """How many of `wanted` chunks a job may have besides those that are with the workers already. When the jobs
        want more than there is, each gets the same."""
        now = self._clock()
        self._jobs = {job: told for job, told in self._jobs.items() if now - told[0] < self._seconds}
        others = sum(count for job, (_, count) in self._jobs.items() if job != job_id)
        share = max(1, self._most // len(self._jobs.keys() | {job_id}))
        granted = max(0, min(wanted, share - opened, self._most - others - opened))
        self._jobs[job_id] = now, opened + granted
        return granted

    def leave(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)

    def clear(self) -> None:
        self._jobs.clear()
