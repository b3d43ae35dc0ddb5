import numpy as np
import pytest

from contracts.audio import Samples
from fastapi_service.resample import Resampler


def tone(count: int, rate: int) -> Samples:
    return np.sin(2 * np.pi * 440 * np.arange(count) / rate).astype(np.float32)


def in_pieces(resampler: Resampler, samples: Samples, size: int) -> Samples:
    pieces = [resampler.feed(samples[at : at + size]) for at in range(0, len(samples), size)]
    return np.concatenate([*pieces, resampler.finish()])


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("size", [1, 128, 1024, 100_000])
def test_any_division_gives_the_same_tone_and_count(rate: int, size: int) -> None:
    count = rate // 4 + 137
    heard = in_pieces(Resampler(rate), tone(count, rate), size)
    assert len(heard) == round(count * 16_000 / rate)
    middle = slice(400, -400)
    assert np.abs(heard - tone(len(heard), 16_000))[middle].max() < 1e-4


def test_16_khz_is_not_touched() -> None:
    samples = tone(1000, 16_000)
    assert np.array_equal(in_pieces(Resampler(16_000), samples, 77), samples)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 96_000])
def test_counts_in_client_samples_never_run_ahead(rate: int) -> None:
    resampler = Resampler(rate)
    received = 0
    heard = 0
    for size in (1, 500, 1024, 4096, 33_000):
        heard += len(resampler.feed(tone(size, rate)))
        received += size
        assert resampler.in_client_samples(heard) <= received
    heard += len(resampler.finish())
    assert received - rate // 16_000 - 1 <= resampler.in_client_samples(heard) <= received + rate // 16_000 + 1
