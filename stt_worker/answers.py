"""The messages that answer a TranscribeTask, built from it and from what the engine heard. Pure."""

from dataclasses import dataclass, replace

from contracts.messages import Error, Result, Sentiment, Timings, TranscribeTask, Transcript, Word
from stt_worker.engines import words
from stt_worker.engines.protocol import Transcription


@dataclass(frozen=True)
class Label:
    """What messages say of the engine and its model."""

    engine: str
    model: str


@dataclass(frozen=True)
class Kept:
    """What the filters left: the text, why it is empty if they emptied it, how sure it is."""

    text: str
    dropped: str | None
    confidence: float


def transcript(
    task: TranscribeTask, heard: Transcription, kept: Kept, label: Label, worked: tuple[float, float]
) -> Transcript:
    """`worked` is from when to when, in unix seconds."""
    started, ended = worked
    return Transcript(
        session=task.session,
        utterance=task.utterance,
        start=task.start,
        end=task.end,
        text=kept.text,
        language=heard.language,
        language_probability=heard.language_probability,
        confidence=kept.confidence,
        engine=label.engine,
        model=label.model,
        task=task.task,
        dropped=kept.dropped,
        words=_words(task, heard, kept) if task.words else None,
        trace=task.trace,
        at=ended,
        timings=Timings(
            endpoint_ms=ms(task.spoken_at, task.accepted_at),
            stt_queue_ms=ms(task.sent_at, started),
            stt_ms=ms(started, ended),
        ),
    )


def _words(task: TranscribeTask, heard: Transcription, kept: Kept) -> list[Word]:
    """Those of the text that was kept, in session time, inside the utterance."""

    def at(seconds: float) -> float:
        return round(min(task.start + seconds, max(task.start, task.end)), 3)

    found = words.fitting(heard.words or (), kept.text)
    return [Word(word.word, at(word.start), at(word.end), word.probability) for word in found]


def wordless(transcript: Transcript, task: TranscribeTask, now: float) -> Result:
    """The result of an utterance without words, which the analyzer need not see."""
    reason = f"no words: {transcript.dropped or 'no_speech'}"
    return Result(
        session=transcript.session,
        utterance=transcript.utterance,
        start=transcript.start,
        end=transcript.end,
        text="",
        language=transcript.language,
        confidence=transcript.confidence,
        sentiment=Sentiment(label=None, score=None, scores={}, model="", reason=reason),
        engine=transcript.engine,
        model=transcript.model,
        task=transcript.task,
        dropped=transcript.dropped,
        words=transcript.words,
        trace=transcript.trace,
        at=now,
        timings=replace(transcript.timings, total_ms=ms(task.spoken_at, now)),
    )


def error(task: TranscribeTask, code: str, message: str, now: float) -> Error:
    return Error(
        session=task.session,
        code=code,
        message=message,
        stage="stt",
        utterance=task.utterance,
        start=task.start,
        end=task.end,
        trace=task.trace,
        at=now,
    )


def ms(since: float, until: float) -> float | None:
    """Milliseconds between two clocks, never negative; None when the first is unknown."""
    return round(max(0.0, until - since) * 1000, 1) if since else None
