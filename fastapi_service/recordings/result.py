"""PURE: one result document of all that a recording's, or a live session's, events say.

The fields of `SpeechResult` are what programs read (`?format=json`) and what `exports` writes in other
forms; a field that is renamed breaks them.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts import words
from contracts.messages import Error, Result, Sentiment, Transcript, Word
from contracts.names import LABELS
from fastapi_service.recordings import mood
from fastapi_service.recordings.mood import Judged, Moment, Overall

VERSION = 1
NO_VOICE = "no speech was found"
NO_WORDS = "sound was heard, but no words"
NOT_JUDGED_YET = "not judged yet"

_SPACELESS = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
_JOINED = re.compile(f"(?<={_SPACELESS})\0(?={_SPACELESS})")
"""Between two such characters nobody writes a space: Thai, Lao, Burmese, Khmer, Chinese, Japanese."""


@dataclass(frozen=True)
class Facts:
    """What is known beside the events. `language` is the chosen one, `speech_seconds` how much of
    `duration` is voiced, where that was measured; `pending` pieces have no result yet."""

    duration: float
    name: str | None = None
    language: str | None = None
    task: str = "transcribe"
    speech_seconds: float | None = None
    pending: int = 0


@dataclass(frozen=True)
class Segment:
    """`id` is the utterance's number. `words` is null unless word times were asked for; `dropped` says
    why a filter emptied the text."""

    id: int
    start: float
    end: float
    text: str
    language: str | None
    confidence: float | None
    sentiment: Sentiment
    words: list[Word] | None = None
    dropped: str | None = None


@dataclass(frozen=True)
class Failure:
    """Something that has no result, and why; `segment` is null when it is about the whole."""

    segment: int | None
    start: float | None
    end: float | None
    stage: str
    code: str
    message: str


@dataclass(frozen=True)
class Statistics:
    """`segments`, `labels` and what is a mean (weighted by seconds) count segments with words only."""

    speech_seconds: float
    silence_seconds: float
    words: int
    words_per_minute: float | None
    segments: int
    labels: dict[str, int]
    unjudged: int
    mean_confidence: float | None
    engine: str
    model: str


@dataclass(frozen=True)
class SpeechResult:
    """Times are seconds since the beginning. `no_speech` is true, with the `message`, when everything
    was heard and nothing was said; `pending` pieces are still under way."""

    text: str
    language: str | None
    duration: float
    no_speech: bool
    message: str | None
    sentiment: Overall
    statistics: Statistics
    segments: list[Segment]
    course: list[Moment]
    errors: list[Failure]
    name: str | None = None
    task: str = "transcribe"
    pending: int = 0
    version: int = VERSION


def build(events: Iterable[Transcript | Result | Error], facts: Facts) -> SpeechResult:
    """`events` in order of their `seq`; of one utterance the last result or error counts, and without
    either its transcript does."""
    folded = _Folded(events)
    segments = sorted(folded.segments(), key=lambda segment: (segment.start, segment.end, segment.id))
    spoken = [segment for segment in segments if segment.text]
    errors = folded.errors()
    silent = not (spoken or errors or facts.pending)
    judged = [judgement for segment in spoken if (judgement := _judgement(segment))]
    models = [segment.sentiment.model for segment in spoken if segment.sentiment.label]
    reasons = [segment.sentiment.reason or "" for segment in spoken]
    ends = (segment.end for segment in segments)
    duration = round(max(facts.duration, 0.0, *ends), 3)
    return SpeechResult(
        text=joined(segment.text for segment in spoken),
        language=_language(spoken) or facts.language,
        duration=duration,
        no_speech=silent,
        message=(NO_WORDS if segments else NO_VOICE) if silent else None,
        sentiment=mood.overall(judged, models, reasons),
        statistics=_statistics(spoken, folded, duration, facts),
        segments=segments,
        course=mood.course(judged),
        errors=errors,
        name=facts.name,
        task=facts.task,
        pending=facts.pending,
    )


def joined(texts: Iterable[str]) -> str:
    """As one text, with spaces where the script has any."""
    return _JOINED.sub("", "\0".join(text for text in texts if text)).replace("\0", " ")


class _Folded:
    """The newest of each kind for each utterance."""

    def __init__(self, events: Iterable[Transcript | Result | Error]) -> None:
        self.transcripts: dict[int, Transcript] = {}
        self.results: dict[int, Result] = {}
        self.failed: dict[int, Error] = {}
        self.others: list[Error] = []
        for event in events:
            self._add(event)

    def _add(self, event: Transcript | Result | Error) -> None:
        if isinstance(event, Transcript):
            self.transcripts[event.utterance] = event
        elif isinstance(event, Result):
            self.results[event.utterance] = event
            self.failed.pop(event.utterance, None)  # an utterance that was replayed has both
        elif event.utterance is None:
            self.others.append(event)
        else:
            self.failed[event.utterance] = event
            self.results.pop(event.utterance, None)

    def segments(self) -> list[Segment]:
        found = [_segment(result, result.sentiment) for result in self.results.values()]
        for number in self.transcripts.keys() - self.results.keys():
            error = self.failed.get(number)
            reason = error.message if error else NOT_JUDGED_YET
            found.append(_segment(self.transcripts[number], Sentiment(None, None, {}, "", reason)))
        return found

    def errors(self) -> list[Failure]:
        ordered = [*self.others, *(self.failed[number] for number in sorted(self.failed))]
        return [Failure(e.utterance, e.start, e.end, e.stage, e.code, e.message) for e in ordered]


def _segment(event: Transcript | Result, sentiment: Sentiment) -> Segment:
    return Segment(
        id=event.utterance,
        start=max(event.start, 0.0),
        end=max(event.end, event.start, 0.0),
        text=event.text.strip(),
        language=event.language,
        confidence=event.confidence,
        sentiment=sentiment,
        words=event.words,
        dropped=event.dropped,
    )


def _judgement(segment: Segment) -> Judged | None:
    label, score = segment.sentiment.label, segment.sentiment.score
    if label not in LABELS or score is None:
        return None
    return Judged(segment.id, segment.start, segment.end, label, score)


def _language(spoken: Sequence[Segment]) -> str | None:
    """The one that most of the time was spoken in."""
    seconds: dict[str, float] = {}
    for segment in spoken:
        if segment.language:
            seconds[segment.language] = seconds.get(segment.language, 0.0) + segment.end - segment.start
    return max(seconds, key=lambda language: seconds[language]) if seconds else None


def _statistics(spoken: Sequence[Segment], folded: _Folded, duration: float, facts: Facts) -> Statistics:
    measured = facts.speech_seconds if facts.speech_seconds is not None else _covered(spoken)
    speech = round(min(max(measured, 0.0), duration), 3)
    count = sum(words.count(segment.text) for segment in spoken)
    labels = Counter(segment.sentiment.label for segment in spoken)
    sure = [s for s in spoken if s.confidence is not None]
    weights = [max(s.end - s.start, mood.LEAST_SECONDS) for s in sure]
    confidence = sum((s.confidence or 0.0) * w for s, w in zip(sure, weights, strict=True))
    said: list[Result | Transcript] = [*folded.results.values(), *folded.transcripts.values()]
    return Statistics(
        speech_seconds=speech,
        silence_seconds=round(duration - speech, 3),
        words=count,
        words_per_minute=round(60 * count / speech, 1) if count and speech else None,
        segments=len(spoken),
        labels={label: labels[label] for label in LABELS},
        unjudged=sum(segment.sentiment.label not in LABELS for segment in spoken),
        mean_confidence=round(confidence / sum(weights), 4) if sure else None,
        engine=mood.most_frequent(event.engine for event in said),
        model=mood.most_frequent(event.model for event in said),
    )


def _covered(segments: Sequence[Segment]) -> float:
    """Seconds that lie in at least one of them; they are sorted by their beginnings."""
    ends = itertools.accumulate((segment.end for segment in segments), max, initial=0.0)
    return sum(max(0.0, segment.end - max(segment.start, end)) for segment, end in zip(segments, ends, strict=False))
