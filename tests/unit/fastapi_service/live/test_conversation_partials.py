"""Partials and captions: when they are asked for, what their answers change."""

import numpy as np
import pytest

from contracts.audio import seconds
from contracts.messages import Hypothesis, Transcript
from fastapi_service.live.conversation import Caption, Conversation, PartialDue, Utterance
from fastapi_service.live.rules import FRAME, MS
from tests.fakes import LevelDetector
from tests.unit.fastapi_service.live.talk import audio, chunks

SECOND = 1000 * MS
TRANSCRIPT = Transcript("s", 1, 0.0, 3.0, "some words", "ko", 0.9, 0.8, "engine", "model")


def conversation() -> Conversation:
    return Conversation(LevelDetector())


def one_partial(talk: Conversation, spoken: int) -> PartialDue:
    """Speak loudly until the partial that must come after `spoken` more samples at the latest."""
    for part in chunks(np.full(spoken, 0.9, np.float32), 160):
        for event in talk.hear(part):
            assert isinstance(event, PartialDue)
            return event
    raise AssertionError("no partial was due")


def answer(due: PartialDue, text: str | None) -> Hypothesis:
    return Hypothesis("s", due.number, seconds(due.end), text)


def test_the_first_partial_comes_after_a_second_and_holds_all_of_it() -> None:
    talk = conversation()
    talk.hear(audio([(0.0, 50)]))
    due = one_partial(talk, SECOND)
    assert due.start == 50 * FRAME - 300 * MS
    assert SECOND <= due.end - due.start < SECOND + FRAME
    assert len(due.samples) == due.end - due.start
    assert due.samples[300 * MS :].min() == np.float32(0.9)


def test_no_partial_before_there_is_enough_voice() -> None:
    talk = conversation()
    assert talk.hear(audio([(0.0, 20), (0.9, 7), (0.0, 24)])) == []


def test_no_partial_of_a_short_word_and_the_silence_after_it() -> None:
    talk = conversation()
    assert talk.hear(audio([(0.9, 15), (0.0, 24)])) == []
    assert [type(event) for event in talk.hear(audio([(0.0, 1)]))] == [Utterance]


def test_only_one_partial_is_outstanding() -> None:
    talk = conversation()
    due = one_partial(talk, 2 * SECOND)
    assert talk.hear(np.full(3 * SECOND, 0.9, np.float32)) == []
    talk.learn(answer(due, "some words"))
    assert one_partial(talk, 8 * SECOND).number == due.number


def test_the_next_partial_waits_for_twice_the_round_trip() -> None:
    talk = conversation()
    due = one_partial(talk, 2 * SECOND)
    talk.hear(np.full(2 * SECOND, 0.9, np.float32))
    talk.learn(answer(due, "some words"))
    after = one_partial(talk, 5 * SECOND)
    assert after.end - due.end >= 4 * SECOND - FRAME


def test_a_partial_is_not_repeated_in_the_pause_and_ends_with_the_post_roll() -> None:
    talk = conversation()
    talk.give_up_partial()  # nothing outstanding: no effect
    due = one_partial(talk, 2 * SECOND)
    talk.learn(answer(due, "some words"))
    (end,) = [e for e in talk.hear(audio([(0.9, 28), (0.0, 7)])) if isinstance(e, PartialDue)]
    assert end.end == due.end + 28 * FRAME + 200 * MS
    talk.give_up_partial()
    assert talk.hear(audio([(0.0, 10)])) == []
    assert talk.hear(audio([(0.0, 1)]))[0].end == end.end  # the utterance


def test_no_partial_is_asked_for_when_the_final_is_about_to_be() -> None:
    talk = conversation()
    due = one_partial(talk, 2 * SECOND)
    talk.learn(answer(due, "some words"))
    assert talk.hear(audio([(0.9, 20), (0.0, 17)])) == []
    (again,) = [e for e in talk.hear(audio([(0.9, 40)])) if isinstance(e, PartialDue)]
    assert again.number == due.number and again.end > due.end


def test_captions_of_an_utterance() -> None:
    talk = conversation()
    due = one_partial(talk, 2 * SECOND)
    assert talk.learn(answer(due, "some words")) == Caption(1, 0.0, seconds(due.end), "", "some words")
    due = one_partial(talk, 2 * SECOND)
    assert talk.learn(answer(due, "some words more")) == Caption(1, 0.0, seconds(due.end), "some words", " more")


def test_no_answer_and_empty_answers_show_nothing() -> None:
    talk = conversation()
    assert talk.learn(answer(one_partial(talk, 2 * SECOND), None)) is None
    assert talk.learn(answer(one_partial(talk, 2 * SECOND), "")) is None
    one_partial(talk, 2 * SECOND)


def test_an_answer_to_another_request_changes_nothing() -> None:
    talk = conversation()
    first = one_partial(talk, 2 * SECOND)
    talk.give_up_partial()
    second = one_partial(talk, 4 * SECOND)
    assert talk.learn(answer(first, "late words")) is None
    assert talk.hear(np.full(SECOND, 0.9, np.float32)) == []
    assert talk.learn(answer(second, "some words")) is not None


def test_an_answer_after_the_cut_is_shown_until_the_transcript_is_there() -> None:
    talk = conversation()
    due = one_partial(talk, 2 * SECOND)
    (utterance,) = talk.hear(audio([(0.0, 40)]))
    assert utterance.number == due.number == 1
    late = answer(due, "some words")
    assert talk.learn(late) is not None

    talk = conversation()
    due = one_partial(talk, 2 * SECOND)
    talk.hear(audio([(0.0, 40)]))
    talk.conclude(TRANSCRIPT)
    assert talk.learn(late) is None


def test_a_new_utterance_begins_with_nothing_stable() -> None:
    talk = conversation()
    for _ in range(2):
        talk.learn(answer(one_partial(talk, 2 * SECOND), "some words"))
    talk.hear(audio([(0.0, 40)]))
    caption = talk.learn(answer(one_partial(talk, 2 * SECOND), "some words"))
    assert caption is not None
    assert (caption.utterance, caption.stable) == (2, "")


@pytest.mark.parametrize(("text", "frames"), [("some words", 18), ("Some words.", 13)])
def test_a_sentence_that_covers_all_speech_shortens_the_pause(text: str, frames: int) -> None:
    talk = conversation()
    talk.learn(answer(one_partial(talk, 2 * SECOND), text))
    silence = audio([(0.0, 40)])
    ended = [i for i, part in enumerate(chunks(silence, FRAME), start=1) if talk.hear(part)]
    assert ended == [frames]


def test_a_sentence_does_not_once_more_was_said() -> None:
    talk = conversation()
    talk.learn(answer(one_partial(talk, 2 * SECOND), "Some words."))
    talk.hear(audio([(0.9, 5)]))
    assert talk.hear(audio([(0.0, 17)])) == []


def test_with_spacing_partials_are_asked_for_more_rarely_and_cuts_stay_the_same() -> None:
    spoken = audio([(0.9, 300), (0.0, 40)])

    def heard(spacing: float) -> tuple[int, list[tuple[int, int]]]:
        talk = conversation()
        asked, cuts = 0, []
        for part in chunks(spoken, 160):
            for event in talk.hear(part, spacing):
                if isinstance(event, PartialDue):
                    asked += 1
                    talk.learn(answer(event, None))
                else:
                    cuts.append((event.start, event.end))
        return asked, cuts

    (often, cuts), (rarely, thinned), (never, off) = map(heard, (1.0, 3.0, float("inf")))
    assert often >= 2 * rarely > 0 == never
    assert cuts == thinned == off and len(cuts) == 1
