"""A client's message as a value: Audio, Start, Stop or Ping; everything else is a Refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from contracts import codec
from contracts.audio import BYTES_PER_SAMPLE
from contracts.names import PROTOCOL_VERSION
from contracts.socket_messages import FROM_CLIENT, Ping, Start, Stop
from fastapi_service import languages
from fastapi_service.codes import BAD_MESSAGE, BAD_START, CANNOT_RESUME, FRAME_TOO_BIG, UNSUPPORTED_VERSION, Refusal

LOWEST_RATE, HIGHEST_RATE = 8_000, 96_000
TASKS = ("transcribe", "translate")
LONGEST_NAME = 128
"""Of a session's id and key; ours have 16 and 22 characters."""


@dataclass(frozen=True)
class Audio:
    """A binary message: PCM as the session's start announced it."""

    data: bytes


Frame = Audio | Start | Stop | Ping


def read(message: Mapping[str, Any], max_bytes: int) -> Frame:
    """An ASGI `websocket.receive` message -> what it says. Raises Refusal."""
    data = message.get("bytes")
    if data is not None:
        _check_size(len(data), max_bytes)
        return Audio(data)
    text: str = message["text"]
    _check_size(len(text.encode()), max_bytes)
    try:
        return cast(Frame, codec.loads(text, *FROM_CLIENT))
    except codec.DecodeError as error:
        raise Refusal(BAD_MESSAGE, f"{error}. Send audio as binary messages; text is start, stop or ping.") from None


def check_start(start: Start) -> None:
    """Raises Refusal for the first thing in it that the gateway does not offer."""
    if start.version != PROTOCOL_VERSION:
        raise Refusal(
            UNSUPPORTED_VERSION,
            f"version {start.version!r:.40} is not spoken here, only {PROTOCOL_VERSION}; reload the page or update",
        )
    if start.session is not None and start.key is None:
        raise Refusal(CANNOT_RESUME, "to resume a session, give the key that its ready message had")
    for name, value in (("session", start.session), ("key", start.key)):
        if value is not None and not _is_name(value):
            raise Refusal(CANNOT_RESUME, f"{name} {value!r:.40} is none of ours; use what the ready message had")
    if start.after is not None and start.after < 0:
        raise Refusal(BAD_START, f"after {start.after!r:.40} is no seq; use the last one seen, or 0")
    if not LOWEST_RATE <= start.sample_rate <= HIGHEST_RATE:
        raise Refusal(
            BAD_START, f"sample_rate {start.sample_rate!r:.40} is not offered; use {LOWEST_RATE} to {HIGHEST_RATE} Hz"
        )
    if start.format not in BYTES_PER_SAMPLE:
        raise Refusal(BAD_START, f"format {start.format!r:.40} is not offered; use {' or '.join(BYTES_PER_SAMPLE)}")
    if start.task not in TASKS:
        raise Refusal(BAD_START, f"task {start.task!r:.40} is not offered; use {' or '.join(TASKS)}")
    if language(start) not in languages.CODES | {None}:
        raise Refusal(
            BAD_START, f"language {start.language!r:.40} is not known; use a code such as en, or null for automatic"
        )


def language(start: Start) -> str | None:
    """The chosen language, or None for automatic."""
    return None if start.language == languages.AUTOMATIC else start.language


def _is_name(text: str) -> bool:
    """Whether it can be part of a Redis key: a lone surrogate, which JSON can hold, is no UTF-8."""
    return len(text) <= LONGEST_NAME and text.isascii() and text.isprintable()


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise Refusal(FRAME_TOO_BIG, f"a message of {size} bytes; send at most {max_bytes} at a time")
