"""Files: mixed to mono at their own rate, whole, refused in words."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recorder_service.sources import AudioFile, BadAudio, Microphone


async def everything(source: AudioFile) -> list[np.ndarray]:
    blocks = []
    while (block := await source.read()) is not None:
        blocks.append(block)
    return blocks


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_comes_whole_and_mono_at_its_own_rate(tmp_path: Path, name: str) -> None:
    left = np.linspace(-0.5, 0.5, 5000, dtype=np.float32)
    soundfile.write(tmp_path / name, np.stack([left, -left / 2], axis=1), 44_100, subtype="PCM_16")
    source = AudioFile(tmp_path / name, fast=True)
    blocks = asyncio.run(everything(source))
    assert source.rate == 44_100
    assert [len(b) for b in blocks] == [2822, 2178]
    assert np.allclose(np.concatenate(blocks), left / 4, atol=1e-4)


def test_stopping_ends_a_paced_file_at_once(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.zeros(16_000 * 600, np.float32), 16_000)

    async def stop_while_waiting() -> object:
        source = AudioFile(tmp_path / "long.wav")
        assert await source.read() is not None
        waiting = asyncio.create_task(source.read())
        source.stop()
        return await waiting

    assert asyncio.run(stop_while_waiting()) is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match="There is no file .*nothing.wav"):
        AudioFile(tmp_path / "nothing.wav")


def test_a_file_that_is_no_audio_says_what_would_do(tmp_path: Path) -> None:
    (tmp_path / "a.mp9").write_text("no audio at all")
    with pytest.raises(BadAudio, match="WAV and FLAC can; convert others"):
        AudioFile(tmp_path / "a.mp9")


def test_without_a_microphone_a_sentence_says_why() -> None:
    async def open_it() -> None:
        Microphone().stop()
        raise BadAudio("this machine has a microphone, and it opened")

    with pytest.raises(BadAudio, match="sounddevice|PortAudio|No microphone|it opened"):
        asyncio.run(open_it())
