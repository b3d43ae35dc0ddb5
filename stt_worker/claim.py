"""The audio behind a TranscribeTask: fetched by its key or decoded from the task, and verified."""

import base64
import binascii
from typing import Any, Protocol

from redis.exceptions import ResponseError

from contracts.audio import Samples, decode_pcm, digest
from contracts.messages import TranscribeTask
from stt_worker.codes import AUDIO_CHANGED, AUDIO_MISSING, AUDIO_TOO_LARGE

INLINE_LIMIT_BYTES = 64 * 1024
"""Of base64 text. Broker messages cross Redis three times; longer audio goes by key."""


class BadClaim(ValueError):
    """The audio is not what the task says; `code` and the text go to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Getter(Protocol):
    """The part of a redis client that a claim needs."""

    def get(self, name: str) -> Any: ...


def fetch(redis: Getter, task: TranscribeTask) -> Samples:
    """float32[n] at 16 kHz. Raises BadClaim."""
    pcm = _inline(task.audio_base64) if task.audio_base64 is not None else _stored(redis, task)
    if task.audio_sha256 is not None and digest(pcm) != task.audio_sha256:
        raise BadClaim(AUDIO_CHANGED, "the audio does not match the SHA-256 of its task")
    if len(pcm) % 2:
        raise BadClaim(AUDIO_CHANGED, f"{len(pcm)} bytes are not a whole number of 16-bit samples")
    return decode_pcm(pcm, "s16le")


def _stored(redis: Getter, task: TranscribeTask) -> bytes:
    if not task.audio_key:
        raise BadClaim(AUDIO_MISSING, "the task names no audio: give audio_key or audio_base64")
    try:
        pcm = redis.get(task.audio_key)
    except ResponseError as error:
        if not str(error).startswith("WRONGTYPE"):  # any other one may be over when Redis is asked again
            raise
        raise BadClaim(AUDIO_MISSING, f"what is at {task.audio_key} is no audio") from None
    if pcm is None:
        raise BadClaim(AUDIO_MISSING, f"no audio at {task.audio_key}: it expired or was never stored")
    if len(pcm) != task.audio_bytes:
        raise BadClaim(AUDIO_CHANGED, f"{len(pcm)} bytes of audio where the task says {task.audio_bytes}")
    return bytes(pcm)


def _inline(text: str) -> bytes:
    if len(text) > INLINE_LIMIT_BYTES:
        raise BadClaim(
            AUDIO_TOO_LARGE, f"{len(text)} bytes of inline audio; the limit is {INLINE_LIMIT_BYTES}, use audio_key"
        )
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadClaim(AUDIO_CHANGED, "audio_base64 is not base64") from None
