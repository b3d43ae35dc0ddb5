"""PURE: what a request's fields ask for, as Options. Every wrong value is refused in words that name its field."""

from collections.abc import Mapping, Sequence

from fastapi_service import languages
from fastapi_service.frames import TASKS
from fastapi_service.recordings.job import PRIORITIES, Options
from fastapi_service.routes.problem import Problem

FIELDS = ("language", "task", "words", "priority", "model", "webhook", "reference")
LONGEST_TEXT = 200
"""Characters of a reference or a label."""
LONGEST_URL = 2000
YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "")

Fields = Mapping[str, Sequence[str]]


def options(fields: Fields) -> Options:
    """Raises Problem. Fields with other names are no options and are left alone."""
    return Options(
        language=language(_text(fields, "language", 20)),
        task=_choice(fields, "task", TASKS, "transcribe"),
        words=_flag(fields, "words"),
        priority=_choice(fields, "priority", PRIORITIES, "normal"),
        model=_text(fields, "model", LONGEST_TEXT),
        webhook=_text(fields, "webhook", LONGEST_URL),
        reference=_text(fields, "reference", LONGEST_TEXT),
    )


def language(code: str | None) -> str | None:
    """None means: the model finds it. Raises Problem."""
    if code is None or code == languages.AUTOMATIC:
        return None
    short = code.lower().partition("-")[0].partition("_")[0]
    if short not in languages.CODES:
        message = f"language {code!r} is not known; use an ISO 639-1 code such as en or ko, or leave it out"
        raise Problem(422, "invalid_request", message, "language")
    return short


def label(text: str, field: str) -> str:
    """A caller's own word for something. Raises Problem."""
    if len(text) > LONGEST_TEXT or not text.isprintable():
        message = f"{field} is a word of yours of at most {LONGEST_TEXT} printable characters"
        raise Problem(422, "invalid_request", message, field)
    return text


def _text(fields: Fields, name: str, most: int) -> str | None:
    text = (fields.get(name) or [""])[-1]
    if len(text) > most or not text.isprintable():
        message = f"{name} takes at most {most} printable characters"
        raise Problem(422, "invalid_request", message, name)
    return text or None


def _choice(fields: Fields, name: str, known: Sequence[str], default: str) -> str:
    text = _text(fields, name, LONGEST_TEXT) or default
    if text not in known:
        raise Problem(422, "invalid_request", f"{name} {text!r:.60} is not known; use {_or(known)}", name)
    return text


def _flag(fields: Fields, name: str) -> bool:
    text = (fields.get(name) or [""])[-1].lower()
    if text not in YES + NO:
        raise Problem(422, "invalid_request", f"{name} {text!r:.60} is neither true nor false", name)
    return text in YES


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
