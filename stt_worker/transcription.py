"""What happens to one TranscribeTask: claim, engine, filters, commit, hand on.

Everything it touches arrives as an argument (`Desk`). Runs twice without harm: what is committed
is only handed on again, what another worker has in hand is left to it. A failure becomes a committed
Error; only trouble with Redis or the broker is raised, for the task to be delivered again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from contracts import codec, keys, ledger
from contracts.audio import SAMPLE_RATE, Samples
from contracts.commit import ScriptRunner, bury, commit
from contracts.lease import Lease
from contracts.messages import AnalyzeTask, Hypothesis, TranscribeTask, Transcript
from contracts.names import GAVE_UP, PROBE_PREFIX
from stt_worker import answers, codes, filters
from stt_worker.claim import BadClaim, Getter, fetch
from stt_worker.engines.protocol import CannotTranscribe, Options, Transcription

log = logging.getLogger(__name__)

PROBE_TEXT = "ready"


class Redis(ScriptRunner, Getter, Protocol):
    """The part of a redis client that the flow needs."""

    def exists(self, *names: str) -> Any: ...

    def hget(self, name: str, key: str) -> Any: ...

    def publish(self, channel: str, message: str) -> Any: ...


@dataclass(frozen=True)
class Model:
    """The engine as the flow sees it: what messages say of it, and how to ask it."""

    label: answers.Label
    context: str
    transcribe: Callable[[Samples, Options], Transcription]


@dataclass(frozen=True)
class Desk:
    """What the flow works with; `hand_on` sends an AnalyzeTask, `clock` gives unix seconds."""

    redis: Redis
    model: Model
    hand_on: Callable[[AnalyzeTask], None]
    clock: Callable[[], float]
    lease: Lease


def handle(desk: Desk, message: object) -> None:
    """The task's body. Raises only what the Redis client and the broker raise."""
    started = desk.clock()
    try:
        task = codec.decode(message if isinstance(message, dict) else {}, TranscribeTask)
        if not task.session:
            raise codec.DecodeError("TranscribeTask.session is empty")
    except codec.DecodeError as error:
        _refuse(desk, message, str(error))
        return
    fields = {"session": task.session, "utterance": task.utterance, "kind": task.kind, "trace": task.trace}
    try:
        if task.kind == "partial":
            _partial(desk, task)
        elif task.kind == "probe" or task.session.startswith(PROBE_PREFIX):
            _probe(desk, task, started)
        elif task.kind == "final":
            _final(desk, task, started)
        else:
            raise CannotTranscribe(codes.BAD_TASK, f"unknown kind {task.kind!r}; use final, partial or probe")
    except (BadClaim, CannotTranscribe) as error:
        log.warning("segment refused", extra=fields | {"code": error.code, "reason": error})
        _fail(desk, task, error.code, str(error))
    except EngineFailure as failure:
        log.error("engine failed", extra=fields, exc_info=failure.__cause__)
        _again_or_fail(desk, task, f"the speech model failed: {failure}")


class EngineFailure(Exception):
    """Whatever an engine raised that it should not have."""


def _final(desk: Desk, task: TranscribeTask, started: float) -> None:
    outcome = desk.lease.begin(task.session, task.utterance)
    if outcome in (ledger.DONE, ledger.HELD):
        return
    if outcome == ledger.WORN:
        tried = f"this utterance was tried {ledger.MOST_STARTS} times and the speech worker never finished it"
        bury(desk.redis, answers.error(task, GAVE_UP, tried, desk.clock()))
        log.error("segment given up", extra={"session": task.session, "utterance": task.utterance, "trace": task.trace})
        return
    stored = _stored(desk, task)
    if stored:
        _hand_on(desk, stored, task)
        return
    heard, samples = _ask(desk, task, quick=False)
    verdict = filters.judge(heard.attempt, heard.language, len(samples) / SAMPLE_RATE, task.speech_seconds)
    kept = answers.Kept(verdict.text, verdict.dropped, filters.confidence(heard.attempt))
    transcript = answers.transcript(task, heard, kept, desk.model.label, (started, desk.clock()))
    seq = commit(desk.redis, transcript)
    log.info(
        "segment transcribed",
        extra={
            "session": task.session,
            "utterance": task.utterance,
            "trace": task.trace,
            "seconds": round(len(samples) / SAMPLE_RATE, 2),
            "ms": transcript.timings.stt_ms,
            "queue_ms": transcript.timings.stt_queue_ms,
            "language": heard.language,
            "tokens": heard.attempt.tokens,
            "encoder_passes": heard.encoder_passes,
            "attempts": heard.attempts,
            "dropped": verdict.dropped,
            "shortened": verdict.shortened,
            "words": None if transcript.words is None else len(transcript.words),
        },
    )
    if seq is None:
        stored = _stored(desk, task)
        if stored is None:
            return
        transcript = stored
    _hand_on(desk, transcript, task)


def _stored(desk: Desk, task: TranscribeTask) -> Transcript | None:
    """The utterance's committed transcript, if it has one and is not closed yet."""
    text = desk.redis.hget(keys.segment(task.session, task.utterance), "transcript")
    try:
        return None if text is None else codec.loads(text, Transcript)
    except codec.DecodeError:  # its text may be speech
        reason = "its transcript was stored by another version of this program and cannot be read"
        raise CannotTranscribe(codes.TRANSCRIPT_UNREADABLE, reason) from None


def _hand_on(desk: Desk, transcript: Transcript, task: TranscribeTask) -> None:
    if transcript.text:
        spoken_at, retry_seconds = task.spoken_at, task.retry_seconds
        desk.hand_on(AnalyzeTask(transcript, retry_seconds, spoken_at, sent_at=desk.clock()))
        return
    commit(desk.redis, answers.wordless(transcript, task, desk.clock()))


def _partial(desk: Desk, task: TranscribeTask) -> None:
    answer = Hypothesis(session=task.session, utterance=task.utterance, end=task.end, text=None)
    try:
        if not _superseded(desk, task):
            begin = desk.clock()
            heard, _ = _ask(desk, task, quick=True)
            answer = replace(
                answer,
                text=filters.judge(heard.attempt, heard.language, task.end - task.start, task.speech_seconds).text,
                language=heard.language,
                language_probability=heard.language_probability,
                stt_ms=answers.ms(begin, desk.clock()),
            )
    except (BadClaim, CannotTranscribe) as error:
        log.info("partial skipped", extra={"session": task.session, "utterance": task.utterance, "reason": error})
    desk.redis.publish(keys.events(task.session), codec.dumps(answer))


def _superseded(desk: Desk, task: TranscribeTask) -> bool:
    """Whether the utterance is closed already: its final was accepted or even answered."""
    names = [keys.segment(task.session, task.utterance)]
    names += [keys.done(task.session, task.utterance, stage) for stage in ("transcript", "result")]
    return bool(desk.redis.exists(*names))


def _probe(desk: Desk, task: TranscribeTask, started: float) -> None:
    heard, _ = _ask(desk, task, quick=False)
    kept = answers.Kept(heard.attempt.text.strip() or PROBE_TEXT, None, filters.confidence(heard.attempt))
    transcript = answers.transcript(task, heard, kept, desk.model.label, (started, desk.clock()))
    desk.hand_on(AnalyzeTask(transcript, spoken_at=task.spoken_at, sent_at=desk.clock()))


def _ask(desk: Desk, task: TranscribeTask, quick: bool) -> tuple[Transcription, Samples]:
    samples = fetch(desk.redis, task)
    context = "auto" if quick else desk.model.context
    options = Options(task.language, task.task, quick, context, words=task.words and not quick)
    try:
        return desk.model.transcribe(samples, options), samples
    except CannotTranscribe:
        raise
    except Exception as error:  # an engine's own bugs and its library's: the worker must outlive them
        raise EngineFailure(f"{type(error).__name__}") from error


def _again_or_fail(desk: Desk, task: TranscribeTask, message: str) -> None:
    """A recording's chunk gets another attempt later, and a dead letter after the last."""
    if not task.retry_seconds or task.kind != "final":
        _fail(desk, task, codes.TRANSCRIPTION_FAILED, message)
        return
    outcome = desk.lease.put_off(task.session, task.utterance, task.retry_seconds)
    log.info("attempt put off", extra={"session": task.session, "utterance": task.utterance, "outcome": outcome})
    if outcome == ledger.WORN:
        tried = f"{message}, {ledger.MOST_STARTS} times"
        bury(desk.redis, answers.error(task, codes.TRANSCRIPTION_FAILED, tried, desk.clock()))


def _fail(desk: Desk, task: TranscribeTask, code: str, message: str) -> None:
    """Tell the client, in a way that fits the kind of the task."""
    if task.kind == "partial":
        skipped = Hypothesis(session=task.session, utterance=task.utterance, end=task.end, text=None)
        desk.redis.publish(keys.events(task.session), codec.dumps(skipped))
        return
    error = answers.error(task, code, message, desk.clock())
    if task.session.startswith(PROBE_PREFIX):
        desk.redis.publish(keys.events(task.session), codec.dumps(error))
    else:
        commit(desk.redis, error)


def _refuse(desk: Desk, message: object, reason: str) -> None:
    """A message that is no TranscribeTask: logged, and told to its session where it names one."""
    log.error("malformed task dropped", extra={"reason": reason})
    fields = message if isinstance(message, dict) else {}
    session, utterance = fields.get("session"), fields.get("utterance")
    if isinstance(session, str) and session and type(utterance) is int and fields.get("kind") != "partial":
        _fail(desk, TranscribeTask(session=session, utterance=utterance), codes.BAD_TASK, reason)
