import json

import pytest

from contracts.messages import Ping, Start, Stop
from fastapi_service import frames, languages
from fastapi_service.codes import Refusal
from fastapi_service.frames import Audio

LIMIT = 1000


def text(**fields: object) -> dict[str, object]:
    return {"type": "websocket.receive", "text": json.dumps(fields), "bytes": None}


def test_each_kind_of_message() -> None:
    assert frames.read({"bytes": b"1234"}, LIMIT) == Audio(b"1234")
    assert frames.read(text(type="start", language="ko"), LIMIT) == Start(language="ko")
    assert frames.read(text(type="stop"), LIMIT) == Stop()
    assert frames.read(text(type="ping", id=3), LIMIT) == Ping(3)


@pytest.mark.parametrize("message", [{"bytes": b"\0" * 1001}, {"text": "é" * 501}], ids=["audio", "text in bytes"])
def test_size_is_limited(message: dict[str, object]) -> None:
    with pytest.raises(Refusal) as refusal:
        frames.read(message, LIMIT)
    assert refusal.value.code.name == "frame_too_big"


def test_the_defaults_are_a_good_start() -> None:
    frames.check_start(Start())
    frames.check_start(Start(sample_rate=8_000, format="s16le", language="auto", task="translate"))
    frames.check_start(Start(sample_rate=96_000))


def test_automatic_language_is_no_language() -> None:
    assert frames.language(Start(language=languages.AUTOMATIC)) is frames.language(Start()) is None
    assert frames.language(Start(language="ko")) == "ko"


def test_what_was_wrong_is_quoted_and_cut() -> None:
    with pytest.raises(Refusal) as refusal:
        frames.check_start(Start(format="x" * 10_000))
    assert len(refusal.value.message) < 120
