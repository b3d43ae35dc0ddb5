"""The steps of a job in Redis, each one Lua script (see `contracts.ledger`): happens whole or not at all,
and a repetition changes nothing.

A job's preparation is utterance 0 of its session in the ledger, its chunks are utterances 1, 2, ...
Only `submit` and `chunks` take memory for new work, and so only they are refused when it is full.
"""

import secrets
from collections.abc import Mapping

from contracts import codec, keys
from contracts.job_messages import ENDS, Ended, PrepareTask, Progress
from contracts.ledger import GRACE_MS, Step
from contracts.names import DEAD_LETTERS_STREAM, PREPARE_STAGE
from fastapi_service.recordings import scripts
from fastapi_service.recordings.job import Chunk, Job, Problem

OWNER = "conductor"
"""Who adds utterances to a job's session."""

LOCK_MS = 5_000
"""How long nobody conducts after the one that acts was killed."""
MOST_CLAIMED = 200
KEPT_TTL_SECONDS = 24 * 3600
"""Of what the conductor forgets itself, if there is one."""
MARK_TTL_SECONDS = 3600
"""Of the marks that stop work on what was cancelled."""
EVENT_PREFIX = "evt-"
"""Of the ids of what webhooks tell."""

NEW, AGAIN, SAME, CONFLICT, FULL, SHARE = "new", "again", "same", "conflict", "full", "share"


def submit(job: Job, same: str, idempotency: str, most: int, share: int | None = None) -> Step:
    """Accept a job. `same` is a digest of owner, content and options, `idempotency` one of owner and
    Idempotency-Key or empty. Gives [outcome, job id]: NEW; AGAIN (this key came before), SAME (this
    content is worked on already, or its result is kept): another job's id, which counts as waited for from
    now on; CONFLICT (the key came before with another content); FULL (`most` jobs are kept already);
    SHARE (`share` of them are its owner's, of whom all that have no secret are one)."""
    names = (
        keys.job(job.id),
        keys.session(job.id),
        keys.segment(job.id, 0),
        keys.open_utterances(job.id),
        keys.PENDING,
        keys.JOBS,
        keys.jobs_of(job.owner or ""),
        keys.same_recording(same),
        keys.idempotency(idempotency) if idempotency else "",
        keys.events(job.id),
    )
    request = PrepareTask(job.id, retry_seconds=job.retry_seconds, trace=job.trace)
    body = _body(Progress(job.id, "queued", "queued", 0, "waiting for a worker", at=job.created))
    bounds = most, most if share is None else share
    accepted = codec.dumps(job), codec.dumps(request), keys.member(job.id, 0), *bounds, str(job.created), same, body
    limits, wishes = (GRACE_MS, PREPARE_STAGE, KEPT_TTL_SECONDS), (job.options.webhook or "", int(job.awaited))
    return Step(scripts.SUBMIT, names, (job.id, job.owner or "", *accepted, *limits, *wishes))


def note(progress: Progress) -> Step:
    """Make progress known; one that falls, or is of a job that is over, changes nothing (0)."""
    p = progress
    names = keys.job(p.session), keys.session(p.session), keys.events(p.session)
    return Step(scripts.NOTE, names, (p.status, p.stage, p.progress, p.message, _body(p), KEPT_TTL_SECONDS))


def chunks(job_id: str, seconds: float, found: Mapping[int, Chunk]) -> Step:
    """Add chunks by number (the same again changes nothing); `seconds` are decoded by now. Gives 0 when the
    job is not to be worked on any more."""
    pairs = [text for number, chunk in found.items() for text in (str(number), str(chunk))]
    names = keys.job(job_id), keys.job_chunks(job_id), keys.JOBS
    return Step(scripts.CHUNKS, names, (str(seconds), KEPT_TTL_SECONDS, *pairs))


def prepared(job_id: str, seconds: float, total: int, note: str = "") -> Step:
    """All chunks are known: close the preparation's entry in the ledger. `note` is what its user should
    know of the recording."""
    names = (
        keys.job(job_id),
        keys.done(job_id, 0, "result"),
        keys.segment(job_id, 0),
        keys.open_utterances(job_id),
        keys.PENDING,
        keys.JOBS,
    )
    return Step(scripts.PREPARED, names, (job_id, keys.member(job_id, 0), str(seconds), total, MARK_TTL_SECONDS, note))


def end(ended: Ended, keep_seconds: int) -> Step:
    """End a job; of one that is over already nothing changes. Gives its status then, None if there is no
    such job. Cancelling stops all work on it. Its webhook, if it has one, is due from here on."""
    job_id = ended.session
    if ended.status not in ENDS:
        raise ValueError(f"a job ends as one of {', '.join(ENDS)}, not as {ended.status!r}")
    problem = codec.dumps(Problem(ended.code, ended.message)) if ended.code else ""
    event = EVENT_PREFIX + secrets.token_urlsafe(16)
    names = (*_of(job_id), keys.JOBS, keys.WEBHOOKS, keys.webhook(event))
    ttls = keep_seconds, KEPT_TTL_SECONDS + keep_seconds, MARK_TTL_SECONDS
    return Step(scripts.END, names, (job_id, ended.status, problem, ended.message, _body(ended), *ttls, event))


def reopen(job_id: str) -> Step:
    """A failed job's dead letters are worked on again."""
    return Step(scripts.REOPEN, (keys.job(job_id), keys.JOBS), ())


def forget(job_id: str, owner: str | None) -> Step:
    """Nothing of it stays, its dead letters and their audio neither; but for the marks that stop work on it."""
    names = (*_of(job_id), keys.JOBS, keys.jobs_of(owner or ""), keys.job_chunks(job_id), DEAD_LETTERS_STREAM)
    return Step(scripts.FORGET, names, (job_id, MARK_TTL_SECONDS))


def alone(job_id: str, *found_by: str) -> Step:
    """The same recording, sent again, is another job from now on; also under these of its keys."""
    return Step(scripts.ALONE, (keys.job(job_id), *found_by), (job_id,))


def hear(job_id: str) -> Step:
    """Somebody waits for it at this moment."""
    return Step(scripts.HEAR, (keys.job(job_id),), ())


def claim(own: str, look_ms: int) -> Step:
    """Be, or become, the conductor that acts, and take the jobs that are due, of which nothing expires
    meanwhile; they are due again after `look_ms`. Gives [now in ms, ids], or None while another one acts."""
    return Step(scripts.CLAIM, (keys.CONDUCTOR, keys.JOBS), (own, LOCK_MS, look_ms, MOST_CLAIMED, KEPT_TTL_SECONDS))


def rest(job_id: str, until_ms: int, cleaned: bool) -> Step:
    """Nothing is to be done before `until_ms` with a job that is over; `cleaned`: its audio is erased."""
    return Step(scripts.REST, (keys.JOBS, keys.job(job_id)), (job_id, until_ms, int(cleaned)))


def look(job_id: str) -> Step:
    """All that the conductor decides by, of one moment: [job's fields, [fed, failed, language], open, known]."""
    names = keys.job(job_id), keys.session(job_id), keys.open_utterances(job_id), keys.job_chunks(job_id)
    return Step(scripts.LOOK, names, ())


def _of(job_id: str) -> tuple[str, ...]:
    open_utterances = keys.open_utterances(job_id)
    return keys.job(job_id), keys.session(job_id), keys.events(job_id), open_utterances, keys.PENDING


def _body(event: Progress | Ended) -> str:
    fields = codec.encode(event)
    del fields["seq"]
    return codec.json_text(fields)
