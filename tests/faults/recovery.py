"""PURE: how long it took after each fault until what it had held up was finished."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.percentile import percentile

AIMS = {
    r"(SIGKILL|kill) (stt|analyzer)_worker.*": 12.0,
    r"(SIGKILL|SIGTERM|SIGSTOP) redis|redis away|.* connections killed": 3.0,
    r"(half-open|black hole) of .*": 15.0,
    r"(SIGKILL|SIGTERM) gateway": 3.0 + 1.0,
}
"""Seconds within which what a fault held up is finished; a client waits up to one before it connects again."""


def aim(kind: str) -> float | None:
    return next((seconds for pattern, seconds in AIMS.items() if re.fullmatch(pattern, kind)), None)


@dataclass(frozen=True)
class Life:
    """An utterance from its last voiced sample to its result, in unix seconds."""

    spoken_at: float
    ended_at: float


@dataclass(frozen=True)
class Thrown:
    """A fault as it happened: it began, and its cause was gone (for a kill: at once). It broke the connections that
    clients lost until `breaks_within` seconds later."""

    kind: str
    target: str
    at: float
    over: float
    breaks_within: float = 1.0


@dataclass(frozen=True)
class Figures:
    """`faults` of one kind. Seconds from the end of the cause until the last utterance that was under
    way then had its result; None where none was."""

    faults: int
    p50: float | None
    most: float | None


def is_late(kind: str, figures: Figures) -> bool:
    """Whether the longest of a kind is beyond its aim."""
    seconds = aim(kind)
    return seconds is not None and figures.most is not None and figures.most > seconds


def recoveries(thrown: Sequence[Thrown], lives: Sequence[Life], broken: Sequence[Life]) -> Mapping[str, Figures]:
    """By kind. `broken` are the connections of clients, from their loss to the next `ready`: what
    counts for faults that cost a connection."""
    found: defaultdict[str, list[float | None]] = defaultdict(list)
    for fault in thrown:
        found[fault.kind].append(_recovery(fault, lives, broken))
    return {kind: _figures(values) for kind, values in sorted(found.items())}


def _recovery(fault: Thrown, lives: Iterable[Life], broken: Iterable[Life]) -> float | None:
    """What was under way when the cause was gone; of broken connections those that broke by it."""
    ends = [life.ended_at for life in lives if life.spoken_at <= fault.over < life.ended_at]
    until = fault.over + fault.breaks_within
    ends += [life.ended_at for life in broken if fault.at <= life.spoken_at <= until and life.ended_at > fault.over]
    return max(ends) - fault.over if ends else None


def _figures(values: Sequence[float | None]) -> Figures:
    known = sorted(value for value in values if value is not None)
    if not known:
        return Figures(len(values), None, None)
    return Figures(len(values), percentile(known, 50), known[-1])
