"""When each stretch of a session's audio was received: what latencies are counted from."""

from collections import deque

RESOLUTION_SECONDS = 0.001
STEP = 64
"""Samples of one note at least: the longest utterance is some 4,000 notes, however small its messages are."""


class Arrivals:
    """Sample counts at 16 kHz against the wall clock, for the part that is not settled yet. What
    comes within a millisecond or 64 samples is one note, so that many tiny messages do not fill the memory."""

    def __init__(self) -> None:
        self._notes: deque[tuple[int, float]] = deque()

    def note(self, heard: int, at: float) -> None:
        """Up to sample `heard` had been received at `at` (unix seconds)."""
        last_heard, last_at = self._notes[-1] if self._notes else (-1, float("-inf"))
        if heard == last_heard:
            return
        if 0 <= at - last_at < RESOLUTION_SECONDS:
            self._notes[-1] = heard, last_at
        elif len(self._notes) > 1 and heard - self._notes[-2][0] <= STEP:
            self._notes[-1] = heard, at
        else:
            self._notes.append((heard, at))

    def __len__(self) -> int:
        """Notes kept."""
        return len(self._notes)

    def when(self, sample: int) -> float:
        """When the sample before `sample` was received; the nearest known time if it is forgotten."""
        for heard, at in self._notes:
            if heard >= sample:
                return at
        return self._notes[-1][1] if self._notes else 0.0

    def forget(self, settled: int) -> None:
        """No sample before `settled` is asked for again."""
        while len(self._notes) > 1 and self._notes[0][0] < settled:
            self._notes.popleft()
