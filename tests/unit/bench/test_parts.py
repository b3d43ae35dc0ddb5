"""The parts of an utterance's time, and the rows made of them."""

import dataclasses

import pytest

from contracts.messages import Result, Sentiment, Timings, Transcript
from tests.bench.latency import rows
from tests.bench.parts import NAMES, Seen, parts

SPOKEN_AT = 1_000_000.0
TIMINGS = Timings(550.0, 4.0, 100.0, 3.0, 5.0, 670.0)


def seen(timings: Timings = TIMINGS) -> Seen:
    """Accepted 550, sent 552, transcribed 656, seen 658, analysed 670, seen 673 ms after the last word."""
    times = {"start": 0.0, "end": 1.0, "engine": "e", "model": "m", "timings": timings}
    transcript = Transcript("s", 1, text="words", language="en", language_probability=1.0, confidence=1.0,
                            at=SPOKEN_AT + 0.656, **times)  # fmt: skip
    result = Result("s", 1, text="words", language="en", confidence=1.0, sentiment=Sentiment(None, None, {}, ""),
                    at=SPOKEN_AT + 0.670, **times)  # fmt: skip
    return Seen(transcript, SPOKEN_AT + 0.658, result, SPOKEN_AT + 0.673)


def test_every_part_is_found() -> None:
    found = parts(seen())
    assert {name: round(ms) for name, ms in found.spent.items()} == {
        "endpoint": 550,
        "hand_over": 2,
        "stt_queue": 4,
        "stt": 100,
        "commit": 6,
        "analyzer_queue": 3,
        "analyzer": 5,
        "fan_out": 3,
    }
    assert round(found.to_transcript) == 658
    assert round(found.transcript_fan_out) == 2


def test_parts_add_up_to_the_whole() -> None:
    found = parts(seen())
    assert sum(found.spent.values()) == pytest.approx(found.to_result)
    assert found.to_result == pytest.approx(673, abs=0.01)
    assert tuple(found.spent) == tuple(NAMES)


def test_overhead_is_what_is_neither_endpoint_nor_inference() -> None:
    assert parts(seen()).overhead == pytest.approx(673 - 550 - 100 - 5, abs=0.01)


def test_an_utterance_without_analysis_has_no_parts() -> None:
    with pytest.raises(ValueError, match="utterance 1 has no complete timings"):
        parts(seen(dataclasses.replace(TIMINGS, analyzer_ms=None)))


def test_the_goal_is_held_against_the_overhead() -> None:
    quick = dataclasses.replace(parts(seen()), overhead=12.0)
    slow = dataclasses.replace(quick, overhead=61.0)
    verdicts = {row.name: row.met for row in rows([quick] * 19 + [slow], {})}
    assert verdicts.pop("overhead") is True
    assert set(verdicts.values()) == {None}
    assert {row.name: row.met for row in rows([quick] * 18 + [slow] * 2, {})}["overhead"] is False
