"""The flow of one task, with a scripted engine and a recording Redis."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contracts import codec, keys, ledger
from contracts.audio import Samples, digest
from contracts.messages import AnalyzeTask, TranscribeTask, Transcript, Word
from stt_worker import transcription
from stt_worker.answers import Label
from stt_worker.engines.protocol import Attempt, CannotTranscribe, Options, TimedWord, Transcription
from tests.fakes import RecordingRedis, ScriptedLease

PCM = b"\x00\x10" * 32000
TEXT = "It was a good day."


class Bench:
    """A desk, what it recorded, and an engine that says `TEXT` or what a test gives it."""

    def __init__(
        self,
        answer: Callable[[Samples, Options], Transcription] | None = None,
        outcome: str = ledger.GO,
        put_off: str = ledger.GO,
    ) -> None:
        self.redis = RecordingRedis({"audio:s:1": PCM, "partial:s:1": PCM})
        self.sent: list[AnalyzeTask] = []
        self.asked: list[Options] = []
        self._answer = answer or (lambda samples, options: heard(TEXT))
        self.lease = ScriptedLease(outcome, put_off)
        model = transcription.Model(Label("scripted", "script"), "full", self._transcribe)
        self.desk = transcription.Desk(self.redis, model, self.sent.append, lambda: 105.0, self.lease)

    def _transcribe(self, samples: Samples, options: Options) -> Transcription:
        self.asked.append(options)
        return self._answer(samples, options)

    def handle(self, **changes: Any) -> None:
        transcription.handle(self.desk, task(**changes))


def heard(text: str, **numbers: Any) -> Transcription:
    return Transcription(Attempt(text, **({"avg_logprob": -0.1, "no_speech_prob": 0.0} | numbers)), "en", 0.97)


def task(**changes: Any) -> dict[str, Any]:
    kind = changes.get("kind", "final")
    values = {
        "session": "s",
        "utterance": 1,
        "audio_key": "partial:s:1" if kind == "partial" else "audio:s:1",
        "audio_bytes": len(PCM),
        "audio_sha256": digest(PCM),
        "start": 3.0,
        "end": 5.0,
        "trace": "t1",
        "spoken_at": 101.0,
        "accepted_at": 101.5,
        "sent_at": 102.0,
    }
    return codec.encode(TranscribeTask(**(values | changes)))


def test_final_is_committed_and_handed_on() -> None:
    bench = Bench()
    bench.handle(language="en", task="translate")
    [event] = bench.redis.committed
    assert (event["type"], event["text"], event["start"], event["end"]) == ("transcript", TEXT, 3.0, 5.0)
    assert (event["engine"], event["model"], event["trace"], event["dropped"]) == ("scripted", "script", "t1", None)
    assert (event["timings"]["endpoint_ms"], event["timings"]["stt_queue_ms"]) == (500.0, 3000.0)
    [sent] = bench.sent
    assert (sent.transcript.text, sent.spoken_at) == (TEXT, 101.0)
    assert bench.asked == [Options(language="en", task="translate", quick=False, context="full")]


def test_no_words_close_the_utterance_without_the_analyzer() -> None:
    bench = Bench(lambda samples, options: heard("", no_speech_prob=0.9, avg_logprob=-1.5))
    bench.handle()
    transcript, result = bench.redis.committed
    assert (transcript["text"], transcript["dropped"]) == ("", "no_speech")
    assert (result["type"], result["sentiment"]["label"], result["dropped"]) == ("result", None, "no_speech")
    assert result["sentiment"]["reason"] == "no words: no_speech"
    assert result["timings"]["total_ms"] == 4000.0
    assert bench.sent == []


def test_word_times_are_asked_for_and_handed_on_and_never_of_a_partial() -> None:
    bench = Bench(lambda samples, options: replace(heard(TEXT), words=(TimedWord(TEXT, 0.5, 1.5, 0.9),)))
    bench.handle(words=True)
    assert bench.sent[0].transcript.words == [Word(TEXT, 3.5, 4.5, 0.9)]
    bench.handle(kind="partial", utterance=2, words=True)
    assert [options.words for options in bench.asked] == [True, False]


def test_a_committed_transcript_is_only_handed_on() -> None:
    bench = Bench()
    stored = Transcript("s", 1, 3.0, 5.0, "Before.", "en", 0.9, 0.9, "scripted", "script", seq=4)
    bench.redis.hashes[keys.segment("s", 1)] = {"transcript": codec.dumps(stored)}
    bench.handle()
    assert bench.asked == [] and bench.redis.committed == []
    assert [sent.transcript for sent in bench.sent] == [stored]


def test_a_stored_transcript_that_cannot_be_read_closes_the_utterance() -> None:
    bench = Bench()
    bench.redis.hashes[keys.segment("s", 1)] = {"transcript": '{"type":"transcript","words":["secret"]}'}
    bench.handle()
    [error] = bench.redis.committed
    assert error["code"] == "transcript_unreadable" and "secret" not in error["message"]


@pytest.mark.parametrize("outcome", [ledger.DONE, ledger.HELD])
def test_what_is_done_or_in_other_hands_is_left_alone(outcome: str) -> None:
    bench = Bench(outcome=outcome)
    bench.handle()
    assert bench.asked == [] and bench.sent == [] and bench.redis.committed == []


def test_what_was_tried_too_often_is_given_up() -> None:
    bench = Bench(outcome=ledger.WORN)
    bench.handle()
    [error] = bench.redis.committed
    assert (error["code"], error["utterance"], error["end"]) == ("gave_up", 1, 5.0) and bench.asked == []


def test_a_race_is_won_by_whoever_committed_first() -> None:
    bench = Bench()
    bench.redis.strings[keys.done("s", 1, "transcript")] = b"4"
    bench.handle()
    assert bench.redis.committed == [] and bench.sent == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"audio_key": "audio:s:9"}, "audio_missing"),
        ({"audio_sha256": "0" * 64}, "audio_changed"),
        ({"kind": "rehearsal"}, "bad_task"),
    ],
)
def test_a_refused_task_becomes_an_error(changes: dict[str, Any], code: str) -> None:
    bench = Bench()
    bench.handle(**changes)
    [error] = bench.redis.committed
    assert (error["type"], error["code"], error["stage"], error["utterance"]) == ("error", code, "stt", 1)
    assert (error["trace"], error["start"]) == ("t1", 3.0)


def test_what_the_engine_refuses_is_told() -> None:
    def refuse(samples: Samples, options: Options) -> Transcription:
        raise CannotTranscribe("unsupported_language", "it knows English only")

    bench = Bench(refuse)
    bench.handle()
    assert bench.redis.committed[0]["message"] == "it knows English only"


def test_an_engine_that_breaks_becomes_an_error(caplog: pytest.LogCaptureFixture) -> None:
    def break_down(samples: Samples, options: Options) -> Transcription:
        raise RuntimeError("out of memory")

    bench = Bench(break_down)
    bench.handle()
    [error] = bench.redis.committed
    assert (error["code"], error["message"]) == ("transcription_failed", "the speech model failed: RuntimeError")
    assert "out of memory" in caplog.text


def test_a_partial_is_answered_on_the_channel() -> None:
    bench = Bench()
    bench.handle(kind="partial")
    assert bench.asked == [Options(quick=True, context="auto")]
    [answer] = bench.redis.published
    assert (answer["type"], answer["text"], answer["end"]) == ("hypothesis", TEXT, 5.0)
    assert bench.redis.committed == []


@pytest.mark.parametrize("mark", ["segment:s:1", "done:s:1:transcript", "done:s:1:result"])
def test_a_superseded_partial_is_skipped(mark: str) -> None:
    bench = Bench()
    bench.redis.strings[mark] = b""
    bench.handle(kind="partial")
    assert bench.redis.published[0]["text"] is None and bench.asked == []


def test_a_partial_without_its_audio_or_with_newer_audio_is_skipped() -> None:
    bench = Bench()
    bench.handle(kind="partial", audio_key="partial:s:9")
    bench.handle(kind="partial", audio_sha256="0" * 64)
    assert [answer["text"] for answer in bench.redis.published] == [None, None]


def test_a_partial_that_breaks_the_engine_is_answered_too() -> None:
    def break_down(samples: Samples, options: Options) -> Transcription:
        raise RuntimeError

    bench = Bench(break_down)
    bench.handle(kind="partial")
    assert bench.redis.published[0]["text"] is None and bench.redis.committed == []


def test_a_probe_goes_on_whatever_was_heard_and_commits_nothing() -> None:
    bench = Bench(lambda samples, options: heard("", no_speech_prob=0.9, avg_logprob=-1.5))
    bench.handle(kind="probe", session="probe-1")
    assert bench.sent[0].transcript.text == "ready" and bench.redis.committed == []


def test_a_failed_probe_is_told_on_the_channel_only() -> None:
    bench = Bench()
    bench.handle(kind="probe", session="probe-1", audio_key="audio:gone")
    assert bench.redis.published[0]["code"] == "audio_missing" and bench.redis.committed == []


@pytest.mark.parametrize("message", [None, "text", [], {}, {"type": "analyze_task"}, {"session": "", "utterance": 1}])
def test_a_malformed_message_is_dropped(message: object, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    transcription.handle(bench.desk, message)
    assert bench.redis.committed == [] and "malformed task dropped" in caplog.text


def test_a_malformed_message_of_a_known_utterance_becomes_an_error() -> None:
    bench = Bench()
    message = json.loads(json.dumps(task())) | {"start": "soon"}
    transcription.handle(bench.desk, message)
    [error] = bench.redis.committed
    assert error["code"] == "bad_task" and "TranscribeTask.start must be a number" in error["message"]


@pytest.mark.parametrize(("outcome", "errors"), [(ledger.GO, 0), (ledger.HELD, 0), (ledger.WORN, 1)])
def test_a_recordings_failure_is_tried_again_and_buried_after_the_last_time(outcome: str, errors: int) -> None:
    def break_down(samples: Samples, options: Options) -> Transcription:
        raise RuntimeError("out of memory")

    bench = Bench(break_down, put_off=outcome)
    bench.handle(retry_seconds=60.0)
    assert bench.lease.delays == [60.0]
    assert len(bench.redis.committed) == errors
