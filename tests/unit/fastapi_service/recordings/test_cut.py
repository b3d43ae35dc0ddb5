from collections.abc import Iterable

import numpy as np
import onnxruntime
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.audio import SAMPLE_RATE, Samples
from fastapi_service.live.conversation import Conversation, Utterance, VoiceDetector
from fastapi_service.live.rules import DEFAULT
from fastapi_service.recordings.cut import cut
from fastapi_service.recordings.job import Chunk
from fastapi_service.voice import SileroDetector, load_silero
from tests.fakes import LevelDetector
from tests.speech import clips
from tests.unit.fastapi_service.live.talk import Run, audio, chunks, talks
from tests.unit.fastapi_service.recordings.files import decoded, encode


@pytest.fixture(scope="module")
def model() -> onnxruntime.InferenceSession:
    return load_silero()


def live(detector: VoiceDetector, blocks: Iterable[Samples]) -> list[Chunk]:
    """What a conversation makes of the same samples."""
    talk = Conversation(detector)
    heard = [event for block in blocks for event in talk.hear(block)] + talk.stop()
    return [Chunk(event.start, event.end, event.speech) for event in heard if isinstance(event, Utterance)]


def spoken() -> Samples:
    """Half a minute: sentences with pauses of all lengths, one that is too quiet, a cough, noise, 18 s without
    a pause, and an end within a word and a frame."""
    noise = np.random.default_rng(3)
    sentences = [soundfile.read(clip.path, dtype="float32")[0] for clip in [*clips("en")[:5], *clips("ko")[:2]]]
    tight = [sentence[np.abs(sentence) > 0.003] for sentence in sentences]
    parts = [np.zeros(9_000), sentences[0], np.zeros(5_000), sentences[1] * 4.0, np.zeros(20_000)]
    parts += [sentences[2] * 0.004, np.zeros(16_000), sentences[3][4_000:5_500], noise.standard_normal(16_000) * 0.01]
    parts += [*tight, *tight[:2], np.zeros(30_000), sentences[4][: 2 * SAMPLE_RATE + 77]]
    return np.concatenate(parts).astype(np.float32)


def test_speech_is_cut_as_it_is_live(model: onnxruntime.InferenceSession) -> None:
    samples = spoken()
    expected = live(SileroDetector(model), chunks(samples, 1024))
    assert list(cut(chunks(samples, SAMPLE_RATE), SileroDetector(model))) == expected
    assert len(expected) >= 5
    lengths = [chunk.end - chunk.start for chunk in expected]
    assert max(lengths) > DEFAULT.soft_maximum and max(lengths) <= DEFAULT.hard_maximum
    assert expected[-1].end == len(samples)


def test_a_file_is_cut_as_the_same_samples_are_live(model: onnxruntime.InferenceSession) -> None:
    samples = spoken()[: 12 * SAMPLE_RATE]
    heard = decoded(encode("flac", "flac", samples, SAMPLE_RATE))
    expected = live(SileroDetector(model), chunks(np.clip(samples, -1.0, 1.0), 4096))
    assert list(cut(chunks(heard, 16_000), SileroDetector(model))) == expected


@settings(max_examples=60, deadline=None)
@given(talk=talks, extra=st.integers(0, 511), sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=8))
def test_any_talk_in_blocks_of_any_size(talk: list[Run], extra: int, sizes: list[int]) -> None:
    samples = audio(talk, extra)
    blocks, start = [], 0
    while start < len(samples):
        for size in [*sizes, 700]:
            blocks.append(samples[start : start + size])
            start += size
    assert list(cut(blocks, LevelDetector())) == live(LevelDetector(), [samples])


def test_a_chunk_comes_as_soon_as_its_end_is_known() -> None:
    taken = []

    def blocks() -> Iterable[Samples]:
        for second in range(100):
            taken.append(second)
            yield np.full(SAMPLE_RATE, 0.9 if second % 4 == 1 else 0.0, np.float32)

    found = cut(blocks(), LevelDetector())
    assert next(found).start < SAMPLE_RATE
    assert taken == [0, 1, 2]
    next(found)
    assert taken[-1] == 6


def test_silence_and_nothing_give_no_chunk(model: onnxruntime.InferenceSession) -> None:
    assert list(cut([np.zeros(20_000, np.float32)], SileroDetector(model))) == []
    assert list(cut([], SileroDetector(model))) == []
