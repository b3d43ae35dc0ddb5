"""Events and segments as tests write them."""

from typing import Any

from hypothesis import strategies as st

from contracts.messages import Error, Result, Sentiment, Transcript, Word
from contracts.names import NEGATIVE, NEUTRAL, POSITIVE
from fastapi_service.recordings.result import Facts, Segment, SpeechResult, build

SCORES = {POSITIVE: 0.9, NEGATIVE: -0.8, NEUTRAL: 0.1}


def mood(label: str | None = POSITIVE, score: float | None = None) -> Sentiment:
    if label is None:
        return Sentiment(None, None, {}, "feeler", "the sentiment model knows en, not de")
    value = SCORES[label] if score is None else score
    return Sentiment(label, value, {POSITIVE: 0.5, NEGATIVE: 0.25, NEUTRAL: 0.25}, "feeler")


def result(
    n: int, start: float, end: float, text: str = "Good day.", label: str | None = POSITIVE, **more: Any
) -> Result:
    fields = {"language": "en", "confidence": 0.9, "sentiment": mood(label), "engine": "e", "model": "m"} | more
    return Result("s", n, start, end, text, **fields)


def transcript(n: int, start: float, end: float, text: str = "Good day.") -> Transcript:
    return Transcript("s", n, start, end, text, "en", 0.9, 0.9, "e", "m")


def error(n: int | None, message: str = "it broke") -> Error:
    return Error("s", "broken", message, stage="stt", utterance=n)


def segment(text: str, start: float = 0.0, end: float = 10.0, words: list[Word] | None = None) -> Segment:
    return Segment(1, start, end, text, "en", 0.9, mood(), words)


def made(*segments: tuple[float, float, str], name: str | None = None) -> SpeechResult:
    events = [result(number, start, end, text) for number, (start, end, text) in enumerate(segments, 1)]
    return build(events, Facts(max([end for _, end, _ in segments], default=0.0), name))


PIECES = st.sampled_from(
    ["-->", "\n\n", " word ", "the end. ", "=1+1", "กำ", '"', "我喜欢你。", "나는 ", "<b>", "&amp;", "\0"]
)
TEXT = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | PIECES | st.text("ab c", max_size=60), max_size=12
).map("".join)
SPANS = st.tuples(st.floats(0, 400_000), st.floats(0, 40)).map(lambda pair: (pair[0], pair[0] + pair[1]))
SEGMENTS = st.lists(st.tuples(SPANS, TEXT).map(lambda pair: (*pair[0], pair[1])), max_size=6)
