"""Which transcripts settle a session's language."""

import dataclasses
from typing import Any

import pytest

from contracts.messages import Transcript
from fastapi_service.live.language import certain_language
from fastapi_service.live.rules import Rules

CLEAR = Transcript("s", 1, 1.0, 3.5, "a clear sentence", "en", 0.9, 0.8, "engine", "model")


def test_two_clear_seconds_do() -> None:
    assert certain_language(CLEAR, Rules()) == "en"


@pytest.mark.parametrize(
    "change",
    [
        {"end": 3.4},
        {"language_probability": 0.59},
        {"language_probability": None},
        {"language": None},
        {"dropped": "no_speech"},
    ],
)
def test_these_do_not(change: dict[str, Any]) -> None:
    assert certain_language(dataclasses.replace(CLEAR, **change), Rules()) is None
