"""One analyze request from message to committed event; every end of it is an event or a log line."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from analyzer_worker import codes
from analyzer_worker.sentiment import Judge
from contracts import codec, keys, ledger
from contracts.commit import ScriptRunner, bury, commit
from contracts.lease import Lease
from contracts.messages import AnalyzeTask, Error, Result, Sentiment, Transcript
from contracts.names import GAVE_UP, PROBE_PREFIX

log = logging.getLogger(__name__)


class Store(ScriptRunner, Protocol):
    """The part of a redis client that an analysis needs."""

    def publish(self, channel: str, message: str) -> Any: ...


class Analysis:
    def __init__(self, judge: Judge, redis: Store, lease: Lease) -> None:
        self._judge = judge
        self._redis = redis
        self._lease = lease

    def take(self, message: Any) -> None:
        """Analyse the transcript in `message` (an encoded AnalyzeTask) and commit its Result. A
        message that is none, or a model that fails, becomes an Error event. Raises only what Redis
        raises."""
        started = time.time()
        try:
            if not isinstance(message, Mapping):
                raise codec.DecodeError(f"its message is {type(message).__name__}, not an object")
            task = codec.decode(message, AnalyzeTask)
        except codec.DecodeError as error:
            self._refuse(message, str(error).split(", got")[0])  # what follows may be speech
            return
        transcript = task.transcript
        if not self._may_go_on(transcript):
            return
        clock = time.perf_counter()
        try:
            # translated text is English, whatever was spoken
            language = "en" if transcript.task == "translate" else transcript.language
            sentiment = self._judge.judge(transcript.text, language)
        except Exception as error:  # whatever a model library raises: the utterance gets its answer
            log.exception("analysis failed", extra=_ids(transcript))
            self._again_or_fail(task, error)
            return
        spent_ms = (time.perf_counter() - clock) * 1000
        self._emit(_result(task, sentiment, started, spent_ms, time.time()))

    def _may_go_on(self, transcript: Transcript) -> bool:
        if transcript.session.startswith(PROBE_PREFIX):
            return True
        outcome = self._lease.begin(transcript.session, transcript.utterance)
        if outcome == ledger.WORN:
            tried = f"this utterance was tried {ledger.MOST_STARTS} times and the analyzer never finished it"
            bury(self._redis, _error(transcript, GAVE_UP, tried))
            log.error("utterance given up", extra=_ids(transcript))
        return outcome not in (ledger.DONE, ledger.HELD, ledger.WORN)

    def _again_or_fail(self, task: AnalyzeTask, error: Exception) -> None:
        """A recording's chunk gets another attempt later, and a dead letter after the last."""
        failure, transcript = _failure(task.transcript, error), task.transcript
        if not task.retry_seconds:
            self._emit(failure)
            return
        outcome = self._lease.put_off(transcript.session, transcript.utterance, task.retry_seconds)
        log.info("attempt put off", extra=_ids(transcript) | {"outcome": outcome})
        if outcome == ledger.WORN:
            bury(self._redis, replace(failure, message=f"{failure.message}, {ledger.MOST_STARTS} times"))

    def _refuse(self, message: Any, reason: str) -> None:
        inner = message.get("transcript") if isinstance(message, Mapping) else None
        inner = inner if isinstance(inner, Mapping) else {}
        session, utterance = inner.get("session"), inner.get("utterance")
        log.error("not an analyze task, dropped", extra={"reason": reason, "session": session, "utterance": utterance})
        if isinstance(session, str) and isinstance(utterance, int):
            text = f"the analyzer got a message that it cannot read: {reason}"
            self._emit(Error(session, codes.BAD_TASK, text, stage="analyzer", utterance=utterance, at=time.time()))

    def _emit(self, event: Result | Error) -> None:
        if event.session is not None and event.session.startswith(PROBE_PREFIX):
            self._redis.publish(keys.events(event.session), codec.dumps(event))
            return
        seq = commit(self._redis, event)
        said = "analysed" if isinstance(event, Result) else "error committed"
        log.info(said if seq else "result was there already", extra={**_ids(event), **_numbers(event), "seq": seq})


def _result(task: AnalyzeTask, sentiment: Sentiment, started: float, spent_ms: float, now: float) -> Result:
    t = task.transcript
    timings = replace(
        t.timings,
        analyzer_queue_ms=_ms(task.sent_at, started),
        analyzer_ms=round(spent_ms, 1),
        total_ms=_ms(task.spoken_at, now),
    )
    return Result(
        session=t.session,
        utterance=t.utterance,
        start=t.start,
        end=t.end,
        text=t.text,
        language=t.language,
        confidence=t.confidence,
        sentiment=sentiment,
        engine=t.engine,
        model=t.model,
        task=t.task,
        dropped=t.dropped,
        words=t.words,
        trace=t.trace,
        at=now,
        timings=timings,
    )


def _failure(transcript: Transcript, error: Exception) -> Error:
    message = f"the sentiment of this utterance could not be judged: the model failed with {type(error).__name__}"
    return _error(transcript, codes.ANALYSIS_FAILED, message)


def _error(transcript: Transcript, code: str, message: str) -> Error:
    return Error(
        session=transcript.session,
        code=code,
        message=message,
        stage="analyzer",
        utterance=transcript.utterance,
        start=transcript.start,
        end=transcript.end,
        trace=transcript.trace,
        at=time.time(),
    )


def _ms(since: float, until: float) -> float | None:
    """Milliseconds between two clocks, not below 0; None when the first is unknown."""
    return round(max(0.0, until - since) * 1000, 1) if since else None


def _ids(event: Transcript | Result | Error) -> dict[str, Any]:
    return {"session": event.session, "utterance": event.utterance, "trace": event.trace}


def _numbers(event: Result | Error) -> dict[str, Any]:
    if isinstance(event, Error):
        return {"code": event.code}
    timings = event.timings
    return {"label": event.sentiment.label, "ms": timings.analyzer_ms, "queue_ms": timings.analyzer_queue_ms}
