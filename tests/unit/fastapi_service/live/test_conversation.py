"""Audio in, utterances out: the same whatever the chunks, and nothing lost."""

import dataclasses
import tracemalloc
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.audio import Samples
from contracts.messages import Transcript
from fastapi_service.live.conversation import Conversation, Origin, Utterance
from fastapi_service.live.rules import FRAME, MS, Rules
from fastapi_service.live.segmenter import Cut, Segmenter
from tests.fakes import LevelDetector
from tests.unit.fastapi_service.live.talk import Run, audio, chunks, cuts, talks

SECOND = 1000 * MS
TRANSCRIPT = Transcript("s", 1, 0.0, 3.0, "some words", "ko", 0.9, 0.8, "engine", "model")


def conversation() -> Conversation:
    return Conversation(LevelDetector())


def utterances(parts: Iterable[Samples]) -> list[Utterance]:
    talk = conversation()
    heard = [event for part in parts for event in talk.hear(part)]
    return [event for event in [*heard, *talk.stop()] if isinstance(event, Utterance)]


def facts(found: list[Utterance]) -> list[tuple[object, ...]]:
    return [(u.number, u.start, u.end, u.speech, u.voiced_end, u.reason, u.samples.tobytes()) for u in found]


SPEECH: list[Run] = [(0.0, 30), (0.9, 60), (0.1, 30), (0.9, 700), (0.0, 17), (0.8, 20), (0.2, 40), (0.9, 9)]


@pytest.mark.parametrize("size", [128, 160, 511, 512, 1024, 4096, 10**6])
def test_cuts_do_not_depend_on_the_chunks(size: int) -> None:
    samples = audio(SPEECH, extra=100)
    whole = facts(utterances([samples]))
    assert len(whole) == 4
    assert facts(utterances(chunks(samples, size))) == whole


@settings(deadline=None, max_examples=15)
@given(talks, st.lists(st.integers(0, 5000), max_size=30), st.integers(0, FRAME - 1))
def test_cuts_do_not_depend_on_any_chunks(talk: list[Run], sizes: list[int], extra: int) -> None:
    samples = audio(talk, extra)
    ends = [min(len(samples), int(end)) for end in np.cumsum([0, *sizes])]
    parts = [samples[a:b] for a, b in zip(ends, [*ends[1:], len(samples)], strict=True)]
    assert facts(utterances(parts)) == facts(utterances([samples]))


@settings(deadline=None, max_examples=15)
@given(talks)
def test_utterances_are_the_kept_cuts_with_their_audio(talk: list[Run]) -> None:
    samples = audio(talk)
    kept = [c for c in cuts(Segmenter(Rules()), talk, level=1.0) if c.kept]
    found = utterances(chunks(samples, 1000))
    assert [u.number for u in found] == list(range(1, len(kept) + 1))
    assert [Cut(u.start, u.end, u.speech, u.voiced_end, True, u.reason) for u in found] == kept
    for u in found:
        assert np.array_equal(u.samples, samples[u.start : u.end])


@settings(deadline=None, max_examples=15)
@given(talks, st.integers(200, 3000))
def test_settled_never_falls_nor_passes_what_is_still_to_come(talk: list[Run], size: int) -> None:
    live = conversation()
    settled = returned = 0
    for part in chunks(audio(talk, extra=77), size):
        for event in live.hear(part):
            if isinstance(event, Utterance):
                assert event.start >= settled
                returned = event.end
            else:
                assert event.start >= live.settled
        assert settled <= live.settled <= live.heard
        settled = live.settled
    assert all(u.start >= max(settled, returned) for u in live.stop())
    assert live.settled == live.heard == len(audio(talk, extra=77))


def test_the_last_part_of_a_frame_is_not_lost_and_not_padded() -> None:
    talk = conversation()
    samples = np.full(20 * FRAME + 300, 0.9, np.float32)
    assert talk.hear(samples) == []
    (last,) = talk.stop()
    assert (last.start, last.end, last.reason) == (0, len(samples), "flush")
    assert np.array_equal(last.samples, samples)
    assert talk.settled == talk.heard == len(samples)


def test_stop_twice_and_hearing_after_it() -> None:
    talk = conversation()
    talk.hear(audio([(0.9, 20)]))
    assert len(talk.stop()) == 1
    assert talk.stop() == []
    with pytest.raises(RuntimeError, match="stopped"):
        talk.hear(audio([(0.9, 1)]))


def test_stop_before_anything_was_heard() -> None:
    talk = conversation()
    assert talk.hear(np.zeros(0, np.float32)) == []
    assert talk.stop() == []
    assert talk.settled == talk.heard == 0


def test_samples_beyond_full_scale_are_clipped() -> None:
    talk = conversation()
    talk.hear(np.full(20 * FRAME, 1e30, np.float32))
    (last,) = talk.stop()
    assert last.samples.max() == 1.0


def test_silence_needs_no_memory() -> None:
    talk = conversation()
    silence = np.full(30 * SECOND, 0.01, np.float32)
    talk.hear(silence)
    tracemalloc.start()
    for _ in range(2):
        talk.hear(silence)
    grown, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000 and grown < 100_000
    assert talk.heard - talk.settled <= 300 * MS + FRAME


def test_the_language_is_locked_once() -> None:
    talk = conversation()
    assert talk.language is None
    talk.conclude(dataclasses.replace(TRANSCRIPT, language_probability=0.5))
    assert talk.language is None
    talk.conclude(TRANSCRIPT)
    assert talk.language == "ko"
    talk.conclude(dataclasses.replace(TRANSCRIPT, language="en", language_probability=1.0))
    assert talk.language == "ko"


def test_a_chosen_language_stays() -> None:
    talk = Conversation(LevelDetector(), origin=Origin(language="en"))
    talk.conclude(TRANSCRIPT)
    assert talk.language == "en"
