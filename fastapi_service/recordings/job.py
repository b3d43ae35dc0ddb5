"""PURE: what a recording's job is, and what Redis knows of it. The statuses and stages are in
`contracts.job_messages`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts import codec
from contracts.job_messages import ENDS, QUEUED

PRIORITIES = ("high", "normal", "low")


@dataclass(frozen=True)
class Options:
    """How a recording is to be worked on. `language` is an ISO 639-1 code or null for automatic, `task`
    transcribe or translate (to English), `words` asks for the time of each word, `model` names the
    speech model if the client insists on one, `webhook` is told of the end, `reference` is the
    client's own word for the job and comes back unchanged."""

    language: str | None = None
    task: str = "transcribe"
    words: bool = False
    priority: str = "normal"
    model: str | None = None
    webhook: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Job:
    """What was accepted; it never changes. `owner` is the hash of who may see it, null: whoever knows the
    id. `name` is the file's name as the client gave it, for display alone. `awaited`: cancelled
    when nobody waits for it any more. `created` is unix seconds."""

    id: str
    name: str
    bytes: int
    sha256: str
    created: float
    options: Options = field(default_factory=Options)
    media_type: str = ""
    owner: str | None = None
    token: str | None = None
    awaited: bool = False
    retry_seconds: float = 60.0
    trace: str = ""


@dataclass(frozen=True)
class Problem:
    """Why a job failed."""

    code: str
    message: str


@dataclass(frozen=True)
class State:
    """A job as Redis knows it now. `seconds` of audio, once known; `cut`: all its chunks are known;
    `total`: so many they are; `note`: what its user should know of the recording; `cleaned`: its audio is
    erased; `ended`, `expires`, `heard` are unix seconds."""

    job: Job
    status: str = QUEUED
    stage: str = "queued"
    progress: int = 0
    message: str = ""
    note: str = ""
    seconds: float | None = None
    cut: bool = False
    total: int | None = None
    cleaned: bool = False
    ended: float | None = None
    expires: float | None = None
    heard: float | None = None
    problem: Problem | None = None

    @property
    def over(self) -> bool:
        return self.status in ENDS


@dataclass(frozen=True)
class Chunk:
    """Samples `start` to `end` at 16 kHz of a recording, `voiced` of them speech."""

    start: int
    end: int
    voiced: int

    def __str__(self) -> str:
        return f"{self.start} {self.end} {self.voiced}"


def chunk(text: bytes) -> Chunk:
    """What `str(chunk)` gave."""
    return Chunk(*map(int, text.split()))


class Unreadable(ValueError):
    """What is known of a job cannot be read by this version: it is damaged, or another one's. These fields are had all
    the same, or None; `owner` is empty for a job without one. `str()` has nothing of its content."""

    def __init__(self, fields: Mapping[bytes, bytes]) -> None:
        super().__init__("this version cannot read what is known of the job")
        self.owner = fields[b"owner"].decode(errors="replace") if b"owner" in fields else None
        self.status = fields.get(b"status", b"").decode(errors="replace") or None
        self.cleaned = fields.get(b"cleaned") == b"1"
        self.expires: float | None = None
        try:
            self.expires = _finite(fields.get(b"expires", b"").decode())
        except ValueError:
            return


def state(fields: Mapping[bytes, bytes]) -> State | None:
    """From the hash `job:{id}`; None if there is none. Raises Unreadable."""
    if not fields:
        return None
    try:
        return _state(fields)
    except (ValueError, KeyError):
        raise Unreadable(fields) from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no number")
    return number


def _state(fields: Mapping[bytes, bytes]) -> State:
    def text(name: str) -> str | None:
        value = fields.get(name.encode())
        return value.decode() if value else None

    def number(name: str) -> float | None:
        value = text(name)
        return _finite(value) if value else None

    problem = text("problem")
    return State(
        job=codec.loads(fields[b"record"], Job),
        status=text("status") or QUEUED,
        stage=text("stage") or "queued",
        progress=int(number("progress") or 0),
        message=text("message") or "",
        seconds=number("seconds"),
        cut=text("cut") == "1",
        total=None if text("chunks") is None else int(text("chunks") or 0),
        cleaned=text("cleaned") == "1",
        note=text("note") or "",
        ended=number("ended"),
        expires=number("expires"),
        heard=number("heard"),
        problem=codec.loads(problem, Problem) if problem else None,
    )
