"""What a run left behind: in Redis, in the log, with the clients. Values only; `collect` gathers them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.speech import Spoken

TRANSCRIPT, RESULT, ERROR = "Transcript", "Result", "Error"
FINAL = (RESULT, ERROR)


@dataclass(frozen=True)
class Event:
    """Of a session's stream."""

    seq: int
    kind: str
    utterance: int
    start: float | None = None
    end: float | None = None
    code: str = ""


@dataclass(frozen=True)
class Kept:
    """A session as Redis holds it; `events` with those that the harness itself has trimmed."""

    accepted: int
    seq: int
    events: Sequence[Event]
    trimmed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Entry:
    """Of the stream `results`, or a line of the log."""

    id: str
    n: int | None
    session: str
    utterance: int
    kind: str


@dataclass(frozen=True)
class Connection:
    """Durable events of one session as one connection brought them, after the `seq` the client had.
    `gone`: it was told that events are no longer kept."""

    session: str
    after: int
    seqs: Sequence[int]
    gone: bool = False


@dataclass(frozen=True)
class Had:
    session: str
    seq: int
    kind: str
    utterance: int


@dataclass(frozen=True)
class Witness:
    """A client: what it said and what it was told. `done` is (samples, utterances) once it came;
    `accepted`: the most samples that it was told are safe."""

    name: str
    connections: Sequence[Connection]
    had: Sequence[Had]
    spoken: Sequence[Spoken] = ()
    given: int = 0
    accepted: int = 0
    done: tuple[int, int] | None = None
    left: bool = False
    trouble: str | None = None


@dataclass(frozen=True)
class Log:
    """`lost`: numbers of results that it says were removed before they were read, in `notices` lines."""

    lines: Sequence[Entry]
    lost: frozenset[int] = frozenset()
    notices: int = 0
    unreadable: Sequence[str] = ()
    counted: tuple[int, int] | None = None
    """Lines according to the newest statistics, and how many stand before these."""


@dataclass(frozen=True)
class Evidence:
    """`results` with those entries that the harness trimmed, whose numbers are `trimmed`; `left_over`:
    keys that should be empty, and how much is in them."""

    sessions: Mapping[str, Kept]
    witnesses: Sequence[Witness]
    results: Sequence[Entry]
    log: Log
    trimmed: frozenset[int] = frozenset()
    left_over: Mapping[str, int] = field(default_factory=dict)
