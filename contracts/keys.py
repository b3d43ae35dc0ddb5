"""Redis keys, each built in one place, and how long each lives.

Session and utterance are joined with ':'; a session id never holds one (`secrets.token_urlsafe`).
"""

from contracts.names import ANALYZER_STAGE, PREPARE_STAGE, STT_STAGE

AUDIO_TTL_SECONDS = 3600
"""Counted anew whenever the sweeper looks at the utterance: only what nobody looks after expires."""
PARTIAL_TTL_SECONDS = 30
SESSION_TTL_SECONDS = 24 * 3600
MARK_TTL_SECONDS = 3600
"""Of a commit's marks. What comes later than that, say out of `unacked` once a worker is back, is known to
be done by the ledger: see `contracts.ledger.ENDED`."""
DEAD_TTL_SECONDS = 24 * 3600
DEAD_LETTERS_MAXLEN = 1000
EVENTS_MAXLEN = 20_000
"""Of one session's stream: more than a day of speech; a client that resumes later is told what is gone."""
RECORDING_EVENTS_MAXLEN = 200_000
"""Of a recording's stream, which its result is made of: four times what 12 hours of the shortest parts have."""
RESULTS_MAXLEN = 100_000
"""How many results stay in the stream after the listener has written them; unwritten ones stay anyway."""


def session(session_id: str) -> str:
    """Hash: `seq` (number of the newest durable event), `created` (unix seconds), `key` (SHA-256 of
    what resumes it), `owner` (the connection that may add to it), `settled` (samples at 16 kHz that
    need not be sent again), `utterances` (number of the newest), `language` once it is locked."""
    return f"session:{session_id}"


def events(session_id: str) -> str:
    """Stream of the session's durable events (entry id `{seq}-0`, field `body`) and, under the
    same name, the pub/sub channel that carries them and the hypotheses of its partials."""
    return f"sess:{session_id}"


def segment(session_id: str, utterance: int) -> str:
    """Hash of an accepted utterance, its entry in the ledger: `request` (TranscribeTask JSON),
    `transcript` once known, `stage` (stt or analyzer), `starts` of that stage, `sends` by the
    sweeper, `holder` (the worker that has it in hand)."""
    return f"segment:{session_id}:{utterance}"


def audio(session_id: str, utterance: int) -> str:
    """String: the utterance's samples, s16le mono 16 kHz."""
    return f"audio:{session_id}:{utterance}"


def partial_audio(session_id: str, utterance: int) -> str:
    """String: the newest unfinished audio of an utterance, s16le mono 16 kHz."""
    return f"partial:{session_id}:{utterance}"


def open_utterances(session_id: str) -> str:
    """Set: numbers of the session's accepted utterances that have no result yet."""
    return f"open:{session_id}"


def mailbox(worker: str) -> str:
    """A worker's member of MAILBOXES."""
    return f"\x06\x16\x06\x16{worker}.celery.pidbox"


def dead_audio(session_id: str, utterance: int) -> str:
    """String: the audio of an utterance that was given up, for `dead_letters replay`."""
    return f"dead:{session_id}:{utterance}"


def member(session_id: str, utterance: int) -> str:
    """How `PENDING` names an utterance."""
    return f"{session_id}:{utterance}"


def task_id(stage: str, session_id: str, utterance: int) -> str:
    """Celery's id of the task that works on an utterance at `stage`; by it the sweeper finds the task."""
    return f"{_TASKS[stage]}-{member(session_id, utterance)}"


_TASKS = {STT_STAGE: "stt", ANALYZER_STAGE: "an", PREPARE_STAGE: "prepare"}


def done(session_id: str, utterance: int, stage: str) -> str:
    """Mark that a stage's event of this utterance is committed; `stage` is transcript or result."""
    return f"done:{session_id}:{utterance}:{stage}"


def heartbeat(worker: str) -> str:
    """String: Heartbeat JSON of one worker process, with a TTL."""
    return f"hb:{worker}"


def job(job_id: str) -> str:
    """Hash of a recording: `record` (Job JSON), `owner` (its owner's hash or empty, for who cannot read the record),
    `status`, `stage`, `progress`, `message`, `seconds`, `cut` (1 once all its chunks are known),
    `problem` (JSON of what failed it), `created`, `ended`, `expires` (unix seconds), `same` (the key
    that finds it by its content), `heard` (unix ms until when somebody waits for it, of one that is
    cancelled when nobody does). Its chunks are utterances of the session of the same id; utterance 0
    is its preparation."""
    return f"job:{job_id}"


def job_chunks(job_id: str) -> str:
    """Hash: number of a chunk -> its `start end voiced` in samples at 16 kHz."""
    return f"job:{job_id}:chunks"


def jobs_of(owner: str) -> str:
    """Sorted set: an owner's job ids -> when they were created (ms). `jobs:` has those of all who have no secret."""
    return f"jobs:{owner}"


def same_recording(digest: str) -> str:
    """String: the job that works, or has worked, on this content with these options for this owner."""
    return f"same:{digest}"


def idempotency(digest: str) -> str:
    """String: `job digest-of-content` of the request that first came with this owner's Idempotency-Key."""
    return f"idem:{digest}"


def webhook(event_id: str) -> str:
    """Hash of a job's end that is to be told by a webhook: all fields that its job had then, `webhook` (the
    address) among them, `tries` so far, `reason` of the last that failed."""
    return f"webhook:{event_id}"


WEBHOOKS = "webhooks"
"""Sorted set: the event of every webhook that is not delivered -> when it is next tried (ms, Redis' clock),
or until when a conductor has it in hand."""
DEAD_WEBHOOKS_MAXLEN = 1000

JOBS = "jobs"
"""Sorted set: every recording that is kept -> when the conductor looks at it next (ms, Redis' clock)."""

CONDUCTOR = "conductor"
"""String: which conductor acts now, with a TTL."""

WORKERS = "workers"
"""Set: the names of all workers with a heartbeat, and of some that had one. Looking for `hb:*` instead
would read through every key: a second for the marks of some 150,000 utterances."""

PENDING = "pending"
"""Sorted set: `member` of every accepted utterance without a result -> until when (ms, Redis' clock) it is in
good hands. What is past that is the sweeper's."""

RESULTS_COUNT = "results_count"
"""Counts the entries of `results`; each carries its number as `n`, so that a reader knows when one was removed."""

SWEEPER = "sweeper"
"""String: which sweeper acts now, with a TTL."""

LISTENER = "listener"
"""String: which listener writes now, with a TTL."""

NOTHING = "nothing"
"""Never there: deleting it is the write that changes nothing (`contracts.overdraft`)."""

MAILBOXES = "_kombu.binding.celery.pidbox"
"""kombu's set: of every Celery worker where it hears questions (`mailbox`). Who was killed stays in it."""

UNACKED, UNACKED_INDEX = "unacked", "unacked_index"
"""kombu's: messages that a worker has taken and not acknowledged, and since when."""
