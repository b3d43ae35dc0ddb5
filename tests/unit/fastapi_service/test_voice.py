"""The real detector: vowels become an utterance where they are, and nothing that is not a voice does."""

import numpy as np
import onnxruntime
import pytest

from contracts.audio import SAMPLE_RATE, Samples
from fastapi_service.live.conversation import Conversation, Utterance
from fastapi_service.voice import SileroDetector, load_silero

SECONDS = 6
TIME = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
VOWELS = np.array([(700, 1200, 2600), (400, 2000, 2600), (300, 2300, 3000), (450, 800, 2600)])


@pytest.fixture(scope="module")
def model() -> onnxruntime.InferenceSession:
    return load_silero()


def vowels(seconds: float, pitch: float) -> Samples:
    """Four vowels a second: the harmonics of a gliding pitch under three moving formants."""
    time = TIME[: int(seconds * SAMPLE_RATE)]
    glide = pitch * (1 + 0.08 * np.sin(2 * np.pi * 1.3 * time))
    phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE
    targets = VOWELS[(time * 4).astype(int) % 4].T
    formants = [np.convolve(target, np.ones(800) / 800, "same") for target in targets]
    sound = np.zeros_like(time)
    for harmonic in range(1, 30):
        gain = sum(1 / (i * (1 + ((harmonic * glide - f) / 90) ** 2)) for i, f in enumerate(formants, start=1))
        sound += gain * np.sin(harmonic * phase)
    sound *= np.clip(3 * np.sin(np.pi * (time * 4 % 1)), 0, 1)
    return np.asarray(0.3 * sound / np.abs(sound).max(), np.float32)


def not_a_voice() -> dict[str, Samples]:
    """Each with a peak near 1."""
    random = np.random.default_rng(7)
    white = random.standard_normal(len(TIME))
    spectrum = np.fft.rfft(white)
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), len(TIME))
    brown = np.cumsum(white)
    brown -= np.linspace(brown[0], brown[-1], len(brown))
    clicks = np.zeros(len(TIME))
    for start in random.integers(0, len(TIME) - 200, 4 * SECONDS):
        clicks[start : start + 200] += random.standard_normal(200) * np.exp(-np.arange(200) / 20)
    hum = sum(np.sin(2 * np.pi * 50 * n * TIME) / n for n in (1, 2, 3, 5))
    gusts = white * (1 + np.sin(2 * np.pi * 4 * TIME))
    whistle = np.sin(2 * np.pi * 1500 * TIME)
    sounds = {"white": white, "pink": pink, "brown": brown, "clicks": clicks, "hum": hum, "gusts": gusts}
    sounds |= {"whistle": whistle, "offset": np.ones(len(TIME))}
    made = {name: np.asarray(sound / np.abs(sound).max(), np.float32) for name, sound in sounds.items()}
    return made | {"silence": np.zeros(len(TIME), np.float32)}


NOT_A_VOICE = not_a_voice()


@pytest.mark.parametrize("name", NOT_A_VOICE)
@pytest.mark.parametrize("gain", [0.05, 0.8])
def test_what_is_not_a_voice_never_becomes_an_utterance(
    model: onnxruntime.InferenceSession, name: str, gain: float
) -> None:
    talk = Conversation(SileroDetector(model))
    assert talk.hear(NOT_A_VOICE[name] * np.float32(gain)) + talk.stop() == []


@pytest.mark.parametrize("pitch", [110.0, 210.0])
@pytest.mark.parametrize("background", ["silence", "white"])
def test_vowels_become_one_utterance_where_they_are(
    model: onnxruntime.InferenceSession, pitch: float, background: str
) -> None:
    sound = NOT_A_VOICE[background] * np.float32(0.01)
    start, end = 2 * SAMPLE_RATE, 4 * SAMPLE_RATE
    sound[start:end] += vowels(2.0, pitch)
    (utterance,) = (event for event in Conversation(SileroDetector(model)).hear(sound) if isinstance(event, Utterance))
    assert start - SAMPLE_RATE // 2 <= utterance.start <= start
    assert end <= utterance.end <= end + SAMPLE_RATE // 2


def test_sessions_do_not_hear_each_other(model: onnxruntime.InferenceSession) -> None:
    frames = vowels(0.5, 120.0)[: 15 * 512].reshape(15, 512)
    alone = SileroDetector(model)
    expected = [alone.probability(frame) for frame in frames]
    one, other = SileroDetector(model), SileroDetector(model)
    heard = [(one.probability(frame), other.probability(np.zeros(512, np.float32)))[0] for frame in frames]
    assert heard == expected


def test_a_frame_has_512_samples(model: onnxruntime.InferenceSession) -> None:
    with pytest.raises(ValueError, match="512 samples, got shape"):
        SileroDetector(model).probability(np.zeros(511, np.float32))
