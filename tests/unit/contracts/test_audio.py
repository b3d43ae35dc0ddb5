"""PCM in both formats, its limits, and what is refused."""

import numpy as np
import pytest

from contracts import audio


def test_both_formats_carry_the_same_sound():
    wave = np.sin(np.arange(1000) / 20).astype(np.float32) * np.float32(0.5)
    from_f32 = audio.decode_pcm(wave.tobytes(), "f32le")
    from_s16 = audio.decode_pcm(audio.to_s16le(wave), "s16le")
    assert np.array_equal(from_f32, wave)
    assert np.abs(from_s16 - wave).max() <= 0.5 / 32768


def test_samples_beyond_full_scale_are_clipped_not_wrapped():
    loud = np.array([1.2, -1.2, 1.0, -1.0], np.float32)
    assert np.frombuffer(audio.to_s16le(loud), "<i2").tolist() == [32767, -32768, 32767, -32768]


def test_s16le_survives_a_round_trip_exactly():
    every = np.arange(-32768, 32768).astype("<i2").tobytes()
    assert audio.to_s16le(audio.decode_pcm(every, "s16le")) == every


@pytest.mark.parametrize(("data", "pcm_format"), [(b"abc", "f32le"), (b"abcde", "f32le"), (b"a", "s16le")])
def test_an_odd_byte_count_is_refused(data, pcm_format):
    with pytest.raises(audio.NotPcm, match="not a whole number of"):
        audio.decode_pcm(data, pcm_format)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused_with_its_place(bad):
    with pytest.raises(audio.NotPcm, match="sample 2 of the frame"):
        audio.decode_pcm(np.array([0, 0, bad, 0], np.float32).tobytes(), "f32le")


def test_nothing_is_valid_audio():
    assert audio.decode_pcm(b"", "f32le").size == 0 and audio.to_s16le(np.zeros(0, np.float32)) == b""


def test_seconds_are_rounded_to_the_millisecond():
    assert audio.seconds(16_001) == 1.0 and audio.seconds(24_000) == 1.5
