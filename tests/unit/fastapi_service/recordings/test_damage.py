import pytest

from fastapi_service.recordings.damage import Damage
from fastapi_service.recordings.refusal import BadRecording, Note
from fastapi_service.recordings.rules import DEFAULT


def told(packets: str, end: float = 10.0, promised: float | None = None) -> list[Note]:
    """One letter a packet, a second each: good, bad, half (the file ended in it)."""
    damage = Damage(DEFAULT)
    for second, letter in enumerate(packets):
        if letter == "b":
            damage.failed(float(second))
        else:
            damage.decoded(whole=letter == "g")
    return damage.judge(end, promised)


def test_nothing_is_said_of_a_whole_recording() -> None:
    assert told("gggg") == told("gggg", promised=10.2) == told("gggg", promised=3.0) == []


def test_places_are_counted_not_packets() -> None:
    assert told("gbbggbg") == [
        Note("damaged", "The file is damaged at 2 places, first at 1.0 s; the rest was read.", 1.0)
    ]
    assert told("bggg") == [Note("damaged", "The file is damaged at 0.0 s; the rest was read.", 0.0)]


@pytest.mark.parametrize("packets", ["gggb", "gggh"])
def test_an_end_that_is_broken_is_a_truncated_one(packets: str) -> None:
    assert told(packets) == [
        Note("truncated", "The file was cut off: its sound ends at 10.0 s. What is there was read.", 10.0)
    ]


def test_a_promise_that_is_not_kept_is_a_truncated_end() -> None:
    (note,) = told("gggg", promised=12.0)
    assert note.message == "The file was cut off: its sound ends at 10.0 s of 12.0 s. What is there was read."


def test_a_promise_that_is_kept_makes_a_broken_end_mere_damage() -> None:
    assert [note.code for note in told("gggb", promised=10.0)] == ["damaged"]


def test_missing_sound_is_told_but_not_at_the_beginning() -> None:
    damage = Damage(DEFAULT)
    damage.missing(0.0)
    damage.decoded(True)
    assert damage.judge(5.0, None) == []
    damage.missing(5.0)
    damage.missing(7.0)
    assert damage.judge(9.0, None) == [
        Note("gap", "Sound is missing at 2 places, first at 5.0 s; silence was put there.", 5.0)
    ]


@pytest.mark.parametrize("packets", ["b", "bbb", "g" + "b" * 10])
def test_of_too_little_nothing_is_believed(packets: str) -> None:
    with pytest.raises(BadRecording) as refused:
        told(packets)
    assert refused.value.code == "corrupt"


def test_nothing_at_all() -> None:
    with pytest.raises(BadRecording) as refused:
        told("")
    assert refused.value.code == "no_samples"
    with pytest.raises(BadRecording) as refused:
        told("", promised=3.0)
    assert refused.value.code == "corrupt"
