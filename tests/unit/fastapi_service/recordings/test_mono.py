from collections.abc import Sequence

import av
import numpy as np
import pytest

from contracts.audio import SAMPLE_RATE, Samples
from fastapi_service.recordings.mono import Mono
from tests.unit.fastapi_service.recordings.files import at, decoded, likeness, sound_file, speech


def frame(samples: Samples, layout: str, rate: int = SAMPLE_RATE) -> av.AudioFrame:
    """float32[channels, n]."""
    packed = np.ascontiguousarray(samples.T.reshape(1, -1), np.float32)
    made = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    made.sample_rate = rate
    return made


def mixed(*frames: av.AudioFrame) -> Samples:
    mono = Mono()
    return np.concatenate([block for each in frames for block in mono.feed(each)] + list(mono.finish()))


def gains(layout: str, channels: int) -> list[float]:
    """How loud each channel alone comes out."""
    heard = []
    for channel in range(channels):
        samples = np.zeros((channels, 100), np.float32)
        samples[channel] = 1.0
        heard.append(round(float(mixed(frame(samples, layout))[50]), 3))
    return heard


@pytest.mark.parametrize(
    "layout, expected",
    [
        ("mono", [1.0]),
        ("1 channels", [1.0]),
        ("stereo", [0.5, 0.5]),
        ("3 channels", [0.333, 0.333, 0.333]),
        ("5.1", [0.207, 0.207, 0.293, 0.0, 0.146, 0.146]),
        ("5.1(side)", [0.207, 0.207, 0.293, 0.0, 0.146, 0.146]),
        ("7.1", [0.16, 0.16, 0.227, 0.0, 0.113, 0.113, 0.113, 0.113]),
        ("16 channels", [0.062] * 16),
    ],
)
def test_the_centre_is_loudest_and_the_subwoofer_left_out(layout: str, expected: Sequence[float]) -> None:
    assert gains(layout, len(expected)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("layout", ["stereo", "5.1", "7.1"])
def test_full_scale_in_every_channel_does_not_clip(layout: str) -> None:
    tone = np.sin(np.arange(4000) / 10).astype(np.float32)
    samples = np.tile(tone, (av.AudioLayout(layout).nb_channels, 1))
    samples[:, ::100] = 1.0
    heard = mixed(frame(samples, layout))
    assert heard.max() == pytest.approx(1.0, abs=1e-6) and np.abs(heard).max() <= 1.000001
    assert np.abs(heard - samples[0]).max() < 1e-6


def test_speech_in_the_centre_of_a_film_is_heard() -> None:
    samples = np.zeros((6, len(at(48_000))), np.float32)
    samples[2] = at(48_000)
    heard = decoded(sound_file("FLAC", "PCM_16", samples, 48_000))
    later_ms, same = likeness(heard, speech())
    assert later_ms == 0 and same > 0.999
    assert np.abs(heard).max() == pytest.approx(0.293 * np.abs(speech()).max(), rel=0.02)


def test_any_numbers_in_a_float_file_leave_the_rest_as_it_was() -> None:
    wild = speech().copy()
    wild[5000:5006] = np.nan, np.inf, -np.inf, 1e38, -1e38, 1e-40
    for rate in (16_000, 48_000):
        heard = decoded(sound_file("WAV", "FLOAT", wild, rate))
        plain = decoded(sound_file("WAV", "FLOAT", speech(), rate))
        assert np.isfinite(heard).all() and np.abs(heard).max() < 1.5
        after = 6000 * 16_000 // rate
        assert np.array_equal(heard[after:], plain[after:])


def test_the_format_may_change_on_the_way() -> None:
    first, second = speech()[:16_000], at(48_000)[48_000:]
    heard = mixed(frame(np.tile(first, (2, 1)), "stereo"), frame(second[None, :], "mono", 48_000))
    assert len(heard) == 32_000
    later_ms, same = likeness(heard, speech())
    assert later_ms == 0 and same > 0.99


def test_blocks_are_a_second_and_silence_is_put_where_it_belongs() -> None:
    mono = Mono()
    half = np.full((1, 8_000), 0.5, np.float32)
    blocks = [*mono.feed(frame(half, "mono")), *mono.feed(frame(half, "mono"), gap=2.5), *mono.finish()]
    assert [len(block) for block in blocks if len(block)] == [8_000, 16_000, 16_000, 8_000, 8_000]
    assert np.flatnonzero(np.diff(np.concatenate(blocks))).tolist() == [7_999, 47_999]
