"""Audio of a task: by key or inline, and always what the task says it is."""

import base64
import dataclasses

import pytest

from contracts.audio import digest
from contracts.messages import TranscribeTask
from stt_worker.claim import INLINE_LIMIT_BYTES, BadClaim, fetch

PCM = b"\x00\x40" * 800
TASK = TranscribeTask("s", 1, audio_key="audio:s:1", audio_bytes=len(PCM), audio_sha256=digest(PCM))
INLINE = TranscribeTask("s", 1, audio_base64=base64.b64encode(PCM).decode())


class Stored(dict[str, bytes]):
    """A dict is a redis as far as a claim is concerned."""


def test_by_key_and_inline_give_the_same() -> None:
    for task in (TASK, INLINE):
        samples = fetch(Stored({"audio:s:1": PCM}), task)
        assert len(samples) == 800 and samples[0] == 0.5


@pytest.mark.parametrize(
    ("stored", "task", "code"),
    [
        ({}, TASK, "audio_missing"),
        ({}, TranscribeTask("s", 1), "audio_missing"),
        ({"audio:s:1": PCM[:-2]}, TASK, "audio_changed"),
        ({"audio:s:1": b"\x01" + PCM[1:]}, TASK, "audio_changed"),
        ({"audio:s:1": PCM[:-1]}, TranscribeTask("s", 1, audio_key="audio:s:1", audio_bytes=1599), "audio_changed"),
        ({}, dataclasses.replace(INLINE, audio_base64="!!"), "audio_changed"),
        ({}, dataclasses.replace(INLINE, audio_sha256="0" * 64), "audio_changed"),
        ({}, dataclasses.replace(INLINE, audio_base64="A" * (INLINE_LIMIT_BYTES + 1)), "audio_too_large"),
    ],
)
def test_what_is_refused(stored: dict[str, bytes], task: TranscribeTask, code: str) -> None:
    with pytest.raises(BadClaim) as refusal:
        fetch(Stored(stored), task)
    assert refusal.value.code == code
