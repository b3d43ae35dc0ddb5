"""PURE: a result in the shapes that OpenAI's transcription API has, as its Python package 3.54 reads them, with
`sentiment` besides.
"""

import math
import zlib
from collections.abc import Collection
from typing import Any

from contracts import codec
from fastapi_service.recordings import exports
from fastapi_service.recordings.language_names import NAMES
from fastapi_service.recordings.result import Segment, SpeechResult

WORD, SEGMENT = "word", "segment"
GRANULARITIES = (WORD, SEGMENT)
FORMS = ("json", "text", "srt", "vtt", "verbose_json")


def as_json(result: SpeechResult) -> dict[str, Any]:
    usage = {"type": "duration", "seconds": math.ceil(result.duration)}
    return {"text": result.text, "usage": usage, "sentiment": codec.encode(result.sentiment)}


def as_verbose(result: SpeechResult, granularities: Collection[str], task: str) -> dict[str, Any]:
    """Segments unless only words are asked for. What is not measured of each segment (`seek`, `tokens`,
    `no_speech_prob`) is zero or empty, as the package insists on it."""
    told: dict[str, Any] = {
        "task": task,
        "language": NAMES.get(result.language or "", result.language or ""),
        "duration": result.duration,
        **as_json(result),
    }
    if SEGMENT in granularities or WORD not in granularities:
        told["segments"] = [_segment(number, segment) for number, segment in enumerate(result.segments)]
    if WORD in granularities:
        told["words"] = [
            {"word": word.word.strip(), "start": word.start, "end": word.end}
            for segment in result.segments
            for word in segment.words or ()
        ]
    return told


def as_text(result: SpeechResult, form: str) -> str:
    if form == "text":
        return f"{result.text}\n"
    return exports.export(result, form).decode()


def _segment(number: int, segment: Segment) -> dict[str, Any]:
    text = segment.text.encode()
    return {
        "id": number,
        "seek": 0,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": math.log(max(segment.confidence or 1e-9, 1e-9)),
        "compression_ratio": round(len(text) / len(zlib.compress(text)), 3) if text else 0.0,
        "no_speech_prob": 0.0,
        "sentiment": codec.encode(segment.sentiment),
    }
