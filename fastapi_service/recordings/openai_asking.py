"""PURE: what a request in the shape of OpenAI's API asks for. What cannot be had is refused in words; `prompt`,
`temperature`, `chunking_strategy` and `include` are let in and change nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi_service.recordings import asking
from fastapi_service.recordings.job import Options
from fastapi_service.recordings.openai_shape import FORMS, GRANULARITIES, WORD
from fastapi_service.routes.problem import Problem

ANY_MODEL = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")
"""Names of OpenAI's own, which clients send when they are told nothing else: whatever runs here is meant."""
GRANULARITY_FIELDS = ("timestamp_granularities[]", "timestamp_granularities")


@dataclass(frozen=True)
class Wish:
    options: Options
    form: str
    granularities: tuple[str, ...]
    stream: bool


def wish(fields: Mapping[str, Sequence[str]], task: str) -> Wish:
    """Raises Problem."""
    form = _last(fields, "response_format") or "json"
    if form not in FORMS:
        raise _wrong(f"response_format {form!r:.60} is not offered; use one of {', '.join(FORMS)}", "response_format")
    granularities = tuple(text for name in GRANULARITY_FIELDS for text in fields.get(name, ()))
    unknown = [text for text in granularities if text not in GRANULARITIES]
    if unknown:
        message = f"timestamp_granularities {unknown[0]!r:.60} is not known; use {' or '.join(GRANULARITIES)}"
        raise _wrong(message, "timestamp_granularities")
    if granularities and form != "verbose_json":
        message = "timestamp_granularities need response_format=verbose_json"
        raise _wrong(message, "timestamp_granularities")
    stream = _last(fields, "stream").lower() in asking.YES
    if stream and form not in ("json", "text"):
        raise _wrong("stream needs response_format=json or text", "stream")
    model = _last(fields, "model")
    asked = asking.options({"language": [_last(fields, "language")]} if task == "transcribe" else {})
    options = Options(
        language=asked.language,
        task=task,
        words=WORD in granularities,
        priority="high",
        model=None if model in ("", *ANY_MODEL) else model,
    )
    return Wish(options, form, granularities, stream)


def described(task: str) -> dict[str, Any]:
    """For OpenAPI: the form's fields."""
    fields: dict[str, Any] = {
        "file": {"type": "string", "format": "binary"},
        "model": {"type": "string", "description": f"One of /v1/models; {', '.join(ANY_MODEL)} mean what runs here"},
        "response_format": {"type": "string", "enum": list(FORMS), "default": "json"},
        "stream": {"type": "boolean", "default": False},
        "timestamp_granularities[]": {"type": "array", "items": {"type": "string", "enum": list(GRANULARITIES)}},
        "prompt": {"type": "string", "description": "Let in; changes nothing"},
        "temperature": {"type": "number", "description": "Let in; changes nothing"},
    }
    if task == "transcribe":
        fields["language"] = {"type": "string", "description": "ISO 639-1 code; without it the model finds it"}
    schema = {"type": "object", "required": ["file"], "properties": fields}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _last(fields: Mapping[str, Sequence[str]], name: str) -> str:
    return (fields.get(name) or [""])[-1]


def _wrong(message: str, field: str) -> Problem:
    return Problem(400, "invalid_value", message, field)
