"""PURE: what is to be done next with a job, from what Redis says of it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.job_messages import FAILED
from fastapi_service.recordings.book import Standing
from fastapi_service.recordings.job import Chunk, State

PREPARED_PERCENT = 10
"""Decoding's share of the progress; the rest is the chunks'."""
LANGUAGE_CHUNKS = 5
"""So many of the first chunks are asked for one after the other, until one of them settles the language."""


@dataclass(frozen=True)
class Rules:
    """`window`: chunks of one job in the workers' hands or queues, by its priority: its share of the
    workers, and a bound for the audio that Redis holds (a chunk is 480 kB at most). `most_open` of
    all jobs together. `gone_seconds`: a job that is awaited is cancelled when nobody has asked for so long."""

    window: Mapping[str, int] = field(default_factory=lambda: {"high": 12, "normal": 6, "low": 2})
    most_open: int = 200
    gone_seconds: float = 15.0
    full_share: float = 0.8
    """Of Redis' `maxmemory`: from here on no chunk is given out, so that live speech, which goes on to 0.9,
    never meets a Redis that recordings have filled."""
    look_ms: int = 2_000
    """From one look at a job until the next, when nothing happens meanwhile."""
    trouble_seconds: float = 2.0
    """From a look that failed until the next; longer the more often."""


AUDIO_LOST = "audio_lost"
"""The problem of a job whose sound is not in the storage: no dead letter can bring it back."""
LOST = "lost"
"""The problem of a job of which Redis has lost what its result would be made of."""
INTERNAL = "internal"
"""The problem of a job that the conductor failed with, again and again, in a way nobody foresaw."""
UNREADABLE = "unreadable"
"""The problem of a job whose record no conductor could read."""
FOR_GOOD = frozenset({AUDIO_LOST, LOST, INTERNAL, UNREADABLE})
"""No dead letter brings a job with one of these problems back."""
PREPARATION = 0
"""The number of its entry in the ledger."""


class Act(enum.Enum):
    WAIT = enum.auto()
    FEED = enum.auto()
    MERGE = enum.auto()
    FAIL = enum.auto()
    LOSE = enum.auto()
    CANCEL = enum.auto()
    REOPEN = enum.auto()
    CLEAN = enum.auto()
    FORGET = enum.auto()


def act(state: State, standing: Standing, now: float, rules: Rules) -> Act:
    """`now` is unix seconds."""
    if state.over:
        if state.expires is not None and now >= state.expires:
            return Act.FORGET
        if state.status == FAILED and standing.failed == 0 and not _for_good(state):
            return Act.REOPEN
        return Act.WAIT if state.status == FAILED or state.cleaned else Act.CLEAN
    if state.job.awaited and now - (state.heard or state.job.created) > rules.gone_seconds:
        return Act.CANCEL
    if standing.failed:
        return Act.FAIL
    if _is_lost(state, standing):
        return Act.LOSE
    if not state.cut:
        return Act.WAIT
    if standing.fed == standing.known and not standing.open:
        return Act.MERGE
    return Act.FEED if feed(state, standing, rules) else Act.WAIT


def _for_good(state: State) -> bool:
    return state.problem is not None and state.problem.code in FOR_GOOD


def _is_lost(state: State, standing: Standing) -> bool:
    """What would bring it on is not there: Redis has forgotten it, as it does of what nobody looked after for a day."""
    if not state.cut:
        return PREPARATION not in standing.open
    return standing.known < (state.total or 0) or standing.fed > standing.known


def feed(state: State, standing: Standing, rules: Rules) -> range:
    """The numbers of the chunks that are to be given to the workers now."""
    window = rules.window.get(state.job.options.priority, rules.window["normal"])
    language_known = state.job.options.language or standing.language
    if not language_known and standing.fed < LANGUAGE_CHUNKS:
        window = 1
    room = window - len(standing.open)
    first = standing.fed + 1
    return range(first, min(standing.known, standing.fed + max(0, room)) + 1)


def percent(standing: Standing, chunks: Mapping[int, Chunk]) -> int:
    """0-99, once all chunks are known: by the seconds of those that have a result."""
    total = sum(chunk.end - chunk.start for chunk in chunks.values())
    finished = (
        chunk.end - chunk.start
        for number, chunk in chunks.items()
        if number <= standing.fed and number not in standing.open
    )
    share = sum(finished) / total if total else 1.0
    return min(99, PREPARED_PERCENT + int((100 - PREPARED_PERCENT) * share))


def told(standing: Standing) -> str:
    """The same in words."""
    return f"{standing.fed - len(standing.open)} of {standing.known} parts"
