"""From message to event, without Redis: a probe's result is published and stored nowhere."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from analyzer_worker.analysis import Analysis
from analyzer_worker.sentiment import Judge
from contracts import codec, ledger
from contracts.messages import AnalyzeTask, Error, Result, Timings, Transcript
from contracts.names import NEGATIVE, POSITIVE
from tests.fakes import ScriptedLease


class SureModel:
    """Everything is positive, but "break" breaks it."""

    name = "sure"
    classes = ("NEGATIVE", "POSITIVE")
    window = 100

    def length(self, text: str) -> int:
        return len(text)

    def probabilities(self, texts: Sequence[str]) -> list[list[float]]:
        if "break" in texts:
            raise ArithmeticError("private words")
        return [[0.1, 0.9] for _ in texts]


class Shelf:
    """What was committed (the script's JSON body) and what was published."""

    def __init__(self) -> None:
        self.committed: list[Result | Error] = []
        self.published: list[tuple[str, Result | Error]] = []

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> int:
        self.committed.append(codec.loads(keys_and_args[numkeys], Result, Error))
        return 1

    def publish(self, channel: str, message: str) -> None:
        self.published.append((channel, codec.loads(message, Result, Error)))


def transcript(session: str = "s1", text: str = "I love this", **changes: Any) -> Transcript:
    given: dict[str, Any] = {"language": "en", "language_probability": 0.9, "confidence": 0.8} | changes
    return Transcript(session, 1, 0.5, 1.5, text, engine="openai-whisper", model="base", trace="t", **given)


def taken(message: Any, outcome: str = ledger.GO) -> Shelf:
    shelf = Shelf()
    judge = Judge(SureModel(), (NEGATIVE, POSITIVE), frozenset({"en"}))
    Analysis(judge, shelf, ScriptedLease(outcome)).take(message)
    return shelf


def encoded(task: AnalyzeTask) -> dict[str, Any]:
    return codec.encode(task)


def test_a_result_keeps_what_the_transcript_says() -> None:
    task = AnalyzeTask(transcript(timings=Timings(stt_ms=7.0)), spoken_at=1.0, sent_at=2.0)
    (result,) = taken(encoded(task)).committed
    assert isinstance(result, Result)
    assert (result.session, result.utterance, result.start, result.end, result.text) == (
        "s1",
        1,
        0.5,
        1.5,
        "I love this",
    )
    assert (result.engine, result.model, result.confidence, result.trace) == ("openai-whisper", "base", 0.8, "t")
    assert (result.sentiment.label, result.sentiment.score) == (POSITIVE, 0.8)
    assert result.timings.stt_ms == 7.0
    assert result.timings.analyzer_ms is not None
    assert (result.timings.total_ms or 0) > (result.timings.analyzer_queue_ms or 0) > 0


def test_unknown_times_stay_unknown_and_clocks_apart_give_zero() -> None:
    (result,) = taken(encoded(AnalyzeTask(transcript()))).committed
    assert isinstance(result, Result)
    assert (result.timings.analyzer_queue_ms, result.timings.total_ms) == (None, None)
    (result,) = taken(encoded(AnalyzeTask(transcript(), spoken_at=9e9, sent_at=9e9))).committed
    assert isinstance(result, Result)
    assert (result.timings.analyzer_queue_ms, result.timings.total_ms) == (0.0, 0.0)


def test_translated_text_is_english() -> None:
    (spoken,) = taken(encoded(AnalyzeTask(transcript(language="ko")))).committed
    (translated,) = taken(encoded(AnalyzeTask(transcript(language="ko", task="translate")))).committed
    assert isinstance(spoken, Result) and isinstance(translated, Result)
    assert spoken.sentiment.label is None
    assert translated.sentiment.label == POSITIVE
    assert translated.language == "ko"


def test_a_probe_is_published_and_not_committed() -> None:
    shelf = taken(encoded(AnalyzeTask(transcript(session="probe-1"))))
    assert shelf.committed == []
    ((channel, result),) = shelf.published
    assert channel == "sess:probe-1"
    assert isinstance(result, Result)


def test_a_model_that_fails_is_an_error_event(caplog: pytest.LogCaptureFixture) -> None:
    (error,) = taken(encoded(AnalyzeTask(transcript(text="break")))).committed
    assert isinstance(error, Error)
    assert (error.code, error.stage, error.utterance, error.start) == ("analysis_failed", "analyzer", 1, 0.5)
    assert "ArithmeticError" in error.message and "private" not in error.message
    assert "analysis failed" in caplog.text


@pytest.mark.parametrize("message", [None, "hello", 7, [], {}, {"type": "ready"}, {"transcript": "x"}])
def test_what_is_no_task_is_dropped_with_a_reason(message: Any, caplog: pytest.LogCaptureFixture) -> None:
    shelf = taken(message)
    assert shelf.committed == []
    assert [record.getMessage() for record in caplog.records] == ["not an analyze task, dropped"]


def test_a_damaged_task_of_a_known_utterance_is_an_error_event(caplog: pytest.LogCaptureFixture) -> None:
    message = encoded(AnalyzeTask(transcript()))
    message["transcript"]["text"] = ["private words"]
    (error,) = taken(message).committed
    assert isinstance(error, Error)
    assert (error.session, error.utterance, error.code) == ("s1", 1, "bad_task")
    assert "AnalyzeTask.transcript.text must be a string" in error.message
    assert "private" not in error.message
    assert all("private" not in str(record.__dict__) for record in caplog.records if record.levelno >= logging.INFO)


@pytest.mark.parametrize("outcome", [ledger.DONE, ledger.HELD])
def test_what_is_done_or_in_other_hands_is_left_alone(outcome: str) -> None:
    assert taken(encoded(AnalyzeTask(transcript())), outcome).committed == []


def test_what_was_tried_too_often_is_given_up() -> None:
    (error,) = taken(encoded(AnalyzeTask(transcript())), ledger.WORN).committed
    assert isinstance(error, Error) and (error.code, error.utterance, error.end) == ("gave_up", 1, 1.5)


def test_a_recordings_failure_is_tried_again_and_buried_after_the_last_time() -> None:
    broken = encoded(AnalyzeTask(transcript(text="break"), retry_seconds=60.0))
    for put_off, errors in ((ledger.GO, 0), (ledger.HELD, 0), (ledger.WORN, 1)):
        judge = Judge(SureModel(), (NEGATIVE, POSITIVE), frozenset({"en"}))
        shelf, lease = Shelf(), ScriptedLease(put_off=put_off)
        Analysis(judge, shelf, lease).take(broken)
        assert lease.delays == [60.0]
        assert len(shelf.committed) == errors
