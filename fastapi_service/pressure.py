"""How long finished speech waits for a worker, and what follows for partials. Pure: time is an argument.

Partials and finals share the speech workers, so partials are what is given up first.
"""

import enum
import math
from collections import deque
from dataclasses import dataclass

from contracts.messages import Transcript


class Level(enum.IntEnum):
    NORMAL = 0
    THINNED = 1
    OFF = 2


@dataclass(frozen=True)
class Rules:
    """Seconds. Waiting longer than `limits[level - 1]` (p95) calls for a level, at once; it is left for
    the next lower one when for `calm` nothing has waited longer than `calm_share` of its limit.
    `spacing`: partials are asked for so many times as rarely."""

    limits: tuple[float, float] = (0.3, 1.0)
    spacing: tuple[float, float, float] = (1.0, 3.0, math.inf)
    window: float = 30.0
    most: int = 1000
    calm: float = 5.0
    calm_share: float = 0.5


class Pressure:
    """`now` is the time of any one clock, in seconds."""

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008  # frozen
        self._rules = rules
        self._waits: deque[tuple[float, float]] = deque(maxlen=rules.most)
        self._oldest = 0.0
        self._strained_at = 0.0
        self.level = Level.NORMAL

    @property
    def spacing(self) -> float:
        """How many times as rarely partials are to be asked for; infinity: not at all."""
        return self._rules.spacing[self.level]

    def learn(self, transcript: Transcript, age: float, now: float) -> None:
        """A transcript has come, written `age` seconds ago: one that is only sent again says nothing."""
        wait_ms = transcript.timings.stt_queue_ms
        if wait_ms is None or age > self._rules.window:
            return
        self._waits.append((now, wait_ms / 1000))
        self._judge(wait_ms / 1000, now)

    def look(self, oldest: float, now: float) -> None:
        """The final at the front of the queue has waited for `oldest` seconds; 0 when none waits."""
        self._oldest = oldest
        self._judge(oldest, now)

    def p95(self, now: float) -> float:
        """What 95 % of the window's finals did not wait longer than. Of few the longest is left out: one
        that was delivered again after its worker was killed says nothing about the others."""
        while self._waits and now - self._waits[0][0] > self._rules.window:
            self._waits.popleft()
        waits = sorted(wait for _, wait in self._waits)
        rank = min(math.ceil(0.95 * len(waits)), len(waits) - 1)
        return waits[rank - 1] if rank > 0 else 0.0

    def _judge(self, seen: float, now: float) -> None:
        waiting = max(self.p95(now), self._oldest)
        asked = Level(sum(waiting > limit for limit in self._rules.limits))
        if asked > self.level:
            self.level, self._strained_at = asked, now
        while self.level > Level.NORMAL:
            if seen > self._rules.calm_share * self._rules.limits[self.level - 1]:
                self._strained_at = now
            if now - self._strained_at < self._rules.calm:
                return
            self.level = Level(self.level - 1)
            self._strained_at += self._rules.calm
            self._waits.clear()  # they are of the time that is over
