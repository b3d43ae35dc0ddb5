"""What a measurement gives: lines of the table, with the numbers behind them for the JSON."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """`value` and `goal` are text for people; `met` is None where there is no goal."""

    name: str
    what: str
    value: str
    goal: str = ""
    met: bool | None = None
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """How much is measured. The quick one shows that everything runs; its numbers mean little."""

    sentences: int = 30
    hearing_seconds: float = 60
    rounds: int = 5
    crowds: tuple[int, ...] = (25, 50, 75, 100, 150, 200)
    crowd_seconds: float = 10
    requests: int = 8
    sizes: tuple[str, ...] = ("tiny", "base")
    recording_minutes: tuple[float, ...] = (1, 10, 120)
    recordings_beside: int = 6
    live_sentences: int = 12


FULL = Scale()
QUICK = Scale(
    sentences=2,
    hearing_seconds=4,
    rounds=1,
    crowds=(4,),
    crowd_seconds=3,
    requests=2,
    sizes=("tiny",),
    recording_minutes=(0.2,),
    recordings_beside=1,
    live_sentences=1,
)
