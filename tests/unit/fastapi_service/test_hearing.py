import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from contracts.audio import NotPcm, Samples, seconds
from contracts.messages import Hypothesis
from contracts.socket_messages import Start
from fastapi_service.hearing import Hearing
from fastapi_service.live.conversation import Origin, PartialDue, Utterance
from fastapi_service.partials import Partials
from tests.fakes import LevelDetector

SECOND = 16_000


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def loud(count: int) -> Samples:
    return np.full(count, 0.9, np.float32)


def test_the_last_voiced_sample_dates_an_utterance(threads: ThreadPoolExecutor) -> None:
    async def work() -> tuple[Utterance, float]:
        hearing = Hearing(Start(), LevelDetector(), threads)
        for number in range(30):
            level = loud(1600) if 5 <= number < 20 else np.zeros(1600, np.float32)
            for signal in await hearing.hear(level.tobytes(), at=100.0 + number):
                if isinstance(signal, Utterance):
                    return signal, hearing.spoken_at(signal)
        raise AssertionError("no utterance")

    utterance, spoken_at = asyncio.run(work())
    assert abs(utterance.voiced_end - 20 * 1600) <= 512
    assert spoken_at in (119.0, 120.0)


def test_counts_are_the_clients_own(threads: ThreadPoolExecutor) -> None:
    async def work() -> tuple[int, int]:
        hearing = Hearing(Start(sample_rate=48_000, format="s16le"), LevelDetector(), threads)
        await hearing.hear(b"\0\0" * 48_000, at=1.0)
        await hearing.stop(at=2.0)
        return hearing.received, hearing.in_client_samples(hearing.settled)

    assert asyncio.run(work()) == (48_000, 48_000)


def test_what_is_not_pcm_is_refused(threads: ThreadPoolExecutor) -> None:
    hearing = Hearing(Start(format="s16le"), LevelDetector(), threads)
    with pytest.raises(NotPcm):
        asyncio.run(hearing.hear(b"odd", at=1.0))


def test_samples_of_any_size_deafen_nobody(threads: ThreadPoolExecutor) -> None:
    """The resampler's filter would overflow, and give nothing but NaN from then on."""

    async def work() -> list[Utterance | PartialDue]:
        hearing = Hearing(Start(sample_rate=48_000), LevelDetector(), threads)
        await hearing.hear(np.full(48_000, 3e38, np.float32).tobytes(), at=1.0)
        await hearing.hear(np.zeros(2 * 48_000, np.float32).tobytes(), at=2.0)
        signals = await hearing.hear(np.full(48_000, 0.9, np.float32).tobytes(), at=3.0)
        return [*signals, *await hearing.stop(at=4.0)]

    last = asyncio.run(work())[-1]
    assert isinstance(last, Utterance) and last.number == 2
    assert np.isfinite(last.samples).all()


@pytest.mark.parametrize("way", ["answered", "skipped", "refused", "forgotten"])
def test_another_partial_is_asked_for_whatever_became_of_the_last(threads: ThreadPoolExecutor, way: str) -> None:
    async def work() -> list[int]:
        asked: list[int] = []
        sent = asyncio.Event()

        async def ask(due: PartialDue) -> None:
            asked.append(due.end)
            sent.set()
            if way == "refused":
                raise ConnectionError("Redis is away")

        hearing = Hearing(Start(), LevelDetector(), threads)
        partials = Partials(hearing, ask, patience=0.01 if way == "forgotten" else 30)
        for _ in range(8):
            for signal in await hearing.hear(loud(SECOND).tobytes(), at=1.0):
                assert isinstance(signal, PartialDue)
                sent.clear()
                partials.due(signal)
                await sent.wait()
                if way in ("answered", "skipped"):
                    text = "words" if way == "answered" else None
                    await partials.answer(Hypothesis("s", signal.number, seconds(signal.end), text))
                await partials.settled()
        return asked

    assert len(asyncio.run(work())) >= 3


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("settled", [0, 1, 16_001, 7_654_321])
def test_who_goes_on_begins_behind_what_is_settled(rate: int, settled: int, threads: ThreadPoolExecutor) -> None:
    hearing = Hearing(Start(sample_rate=rate), LevelDetector(), threads, Origin(settled, 3, "ko"))
    begun = hearing.received
    assert settled <= hearing.settled < settled + 16_000 / rate + 1
    assert 0 <= begun - hearing.in_client_samples(settled) <= 1
    assert hearing.in_client_samples(hearing.settled) <= begun
    assert hearing.language == "ko"


def test_what_was_said_before_is_counted(threads: ThreadPoolExecutor) -> None:
    async def work() -> list[Utterance | PartialDue]:
        hearing = Hearing(Start(), LevelDetector(), threads, Origin(32_000, 2))
        said = np.concatenate([np.zeros(8_000, np.float32), loud(SECOND), np.zeros(SECOND, np.float32)])
        return await hearing.hear(said.tobytes(), at=1.0)

    (utterance,) = [signal for signal in asyncio.run(work()) if isinstance(signal, Utterance)]
    assert utterance.number == 3 and 32_000 <= utterance.start <= 40_000 < utterance.end
    assert len(utterance.samples) == utterance.end - utterance.start
