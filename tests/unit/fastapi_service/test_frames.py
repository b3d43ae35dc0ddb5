import json
from collections.abc import Callable

import pytest

from contracts import codec
from contracts.socket_messages import Ping, Start, Stop
from fastapi_service import frames, languages
from fastapi_service.codes import BAD_START, CANNOT_RESUME, UNSUPPORTED_VERSION, Code, Refusal
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


LONE = json.loads('"\\ud800"')


@pytest.mark.parametrize("value", [LONE, "é" * 20, "a\nb", "x" * 100_000], ids=["surrogate", "foreign", "line", "long"])
@pytest.mark.parametrize(
    ("start", "code"),
    [
        (lambda value: Start(session=value, key="k"), CANNOT_RESUME),
        (lambda value: Start(session="s", key=value), CANNOT_RESUME),
        (lambda value: Start(language=value), BAD_START),
        (lambda value: Start(format=value), BAD_START),
        (lambda value: Start(task=value), BAD_START),
    ],
    ids=["session", "key", "language", "format", "task"],
)
def test_a_text_that_nothing_here_can_be_is_refused_in_a_sentence(
    start: Callable[[str], Start], code: Code, value: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        frames.check_start(start(value))
    assert refusal.value.code is code
    assert len(refusal.value.message.encode()) < 200


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (Start(session="s", key="k", after=-(10**4000)), BAD_START),
        (Start(sample_rate=10**4000), BAD_START),
        (Start(version=10**4000), UNSUPPORTED_VERSION),
    ],
    ids=["after", "rate", "version"],
)
def test_a_number_of_thousands_of_digits_is_quoted_and_cut(start: Start, code: Code) -> None:
    with pytest.raises(Refusal) as refusal:
        frames.check_start(start)
    assert refusal.value.code is code and len(refusal.value.message) < 150


def test_an_unknown_type_is_quoted_and_cut() -> None:
    with pytest.raises(codec.DecodeError) as error:
        codec.loads(json.dumps({"type": "x" * 10_000}), Start, Stop)
    assert len(str(error.value)) < 150
