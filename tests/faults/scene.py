"""What a fault is: things to do at their times, to named parts, and when its cause is gone."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.client import Party
from tests.faults.collect import Trimmings
from tests.faults.stage import Stage


@dataclass(frozen=True)
class Act:
    """Done so many seconds after the fault began."""

    after: float
    do: Callable[[], object]


@dataclass(frozen=True)
class Fault:
    """`busy`: parts that no other fault may touch meanwhile. Its cause is gone `over` seconds after it
    began, and not before `until` says so, or it was gone at the `moment` that is known afterwards. What has not
    `touched` anything did not happen. Clients that lose their connection at most `breaks_within` seconds after
    that lost it by this fault."""

    kind: str
    target: str
    acts: tuple[Act, ...]
    busy: frozenset[str] = frozenset()
    over: float = 0.0
    until: Callable[[], bool] = lambda: True
    moment: Callable[[], float | None] = lambda: None
    touched: Callable[[], bool] = lambda: True
    breaks_within: float = 1.0


@dataclass
class Scene:
    """Where faults are thrown. `long` is how many seconds the lasting ones last at most."""

    stage: Stage
    party: Party
    chance: random.Random
    long: float
    trimmings: Trimmings = field(default_factory=Trimmings)
    letters: list[bytes] = field(default_factory=list)
    """Messages of queues, kept to be delivered again much later."""
    rotated: int = 0

    def some(self, *names: str) -> str:
        return self.chance.choice(names)

    def seconds(self, least: float) -> float:
        return self.chance.uniform(least, max(least, self.long))


Maker = Callable[[Scene], Fault | None]
"""Makes a fault for the moment; None when there is nothing to do it to."""


def lasting(kind: str, target: str, begin: Callable[[], object], end: Callable[[], object], seconds: float) -> Fault:
    """Something that is undone after a while."""
    return Fault(kind, target, (Act(0, begin), Act(seconds, end)), frozenset({target}), seconds)
