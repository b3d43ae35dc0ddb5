import math

from contracts.messages import Timings, Transcript
from fastapi_service.pressure import Level, Pressure


def waited(ms: float | None) -> Transcript:
    return Transcript("s", 1, 0.0, 1.0, "", None, None, None, "e", "m", timings=Timings(stt_queue_ms=ms))


def after(*waits_ms: float, start: float = 100.0) -> Pressure:
    """Finals that came a second apart."""
    pressure = Pressure()
    for number, ms in enumerate(waits_ms):
        pressure.learn(waited(ms), age=0.0, now=start + number)
    return pressure


def test_finals_that_do_not_wait() -> None:
    pressure = after(*[40.0] * 20)
    assert (pressure.level, pressure.spacing) == (Level.NORMAL, 1.0)
    assert pressure.p95(now=119) == 0.04


def test_more_than_300_ms_thins_partials_and_more_than_a_second_ends_them() -> None:
    assert after(*[299.0] * 20).level is Level.NORMAL
    thinned = after(*[301.0] * 20)
    assert thinned.level is Level.THINNED and thinned.spacing >= 2
    off = after(*[1001.0] * 20)
    assert off.level is Level.OFF and off.spacing == math.inf


def test_it_is_the_95th_percentile_of_half_a_minute() -> None:
    assert after(*[40.0] * 19, 900.0).level is Level.NORMAL
    assert after(*[40.0] * 19, 900.0, 900.0).level is Level.THINNED
    pressure = after(*[290.0] * 20)
    assert pressure.p95(now=119) == 0.29
    assert pressure.p95(now=200) == 0.0


def test_of_few_the_longest_says_nothing() -> None:
    assert after(12_000.0).level is Level.NORMAL
    assert after(40.0, 12_000.0, 40.0).level is Level.NORMAL
    assert after(12_000.0, 11_000.0).level is Level.OFF


def test_who_waits_still_counts_although_no_transcript_comes() -> None:
    pressure = Pressure()
    pressure.look(oldest=0.5, now=10)
    assert pressure.level is Level.THINNED
    pressure.look(oldest=1.5, now=11)
    assert pressure.level is Level.OFF


def test_it_comes_back_step_by_step_and_not_at_once() -> None:
    pressure = after(*[1500.0] * 5)  # the last one at 104
    levels = []
    for now in range(105, 120):
        pressure.look(oldest=0.0, now=now)
        levels.append(pressure.level)
    assert levels == [Level.OFF] * 4 + [Level.THINNED] * 5 + [Level.NORMAL] * 6


def test_one_that_waits_in_between_keeps_it_where_it_is() -> None:
    pressure = after(*[1500.0] * 5)
    for now in range(105, 140):
        pressure.look(oldest=0.6 if now % 4 == 0 else 0.0, now=now)
    assert pressure.level is Level.OFF


def test_after_a_silence_it_is_back_at_the_first_look() -> None:
    pressure = after(*[1500.0] * 5)
    pressure.look(oldest=0.0, now=1000)
    assert pressure.level is Level.NORMAL


def test_transcripts_that_are_only_sent_again_or_have_no_times_say_nothing() -> None:
    pressure = Pressure()
    for now in range(20):
        pressure.learn(waited(5000.0), age=3600.0, now=now)
        pressure.learn(waited(None), age=0.0, now=now)
    assert pressure.level is Level.NORMAL and pressure.p95(now=20) == 0.0


def test_it_keeps_a_bounded_number() -> None:
    pressure = Pressure()
    for number in range(1500):
        pressure.learn(waited(float(number)), age=0.0, now=1.0)
    assert pressure.p95(now=1.0) == 1.449  # of the newest thousand
