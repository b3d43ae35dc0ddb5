"""What crosses a process for recordings alone, as frozen dataclasses (see `contracts.messages`).

`session` is the job's id. `Progress` and `Ended` are durable events in the job's stream, between the
transcripts and results of its chunks; `at` is unix seconds.
"""

from dataclasses import dataclass

QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = "queued", "running", "completed", "failed", "cancelled"
ENDS = (COMPLETED, FAILED, CANCELLED)
"""Statuses that do not change any more (a replayed dead letter apart: it makes a failed job run again)."""

STAGES = ("queued", "prepare", "transcribe", "merge", "done")


@dataclass(frozen=True)
class PrepareTask:
    """Argument `message` of `fastapi_service.prepare_recording`: decode the job's upload and find its
    chunks. `retry_seconds`: a failed attempt is made again after so long."""

    session: str
    utterance: int = 0
    retry_seconds: float = 60.0
    trace: str = ""
    sent_at: float = 0.0


@dataclass(frozen=True)
class Progress:
    """How far a job has come: `progress` 0-100 in whole percent, `message` in words."""

    session: str
    status: str
    stage: str
    progress: int
    message: str
    at: float = 0.0
    seq: int | None = None


@dataclass(frozen=True)
class Ended:
    """A job's end: `status` is one of ENDS; of one that failed `code` and `message` say why."""

    session: str
    status: str
    code: str | None = None
    message: str = ""
    at: float = 0.0
    seq: int | None = None


JOB_EVENTS = (Progress, Ended)
JOB_MESSAGES = (PrepareTask, Progress, Ended)
