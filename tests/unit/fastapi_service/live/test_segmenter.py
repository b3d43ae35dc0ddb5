"""Where utterances begin and end: the rules one by one, then for any sequence of probabilities."""

import pytest
from hypothesis import given, settings

from fastapi_service.live.rules import FRAME, MS, Rules
from fastapi_service.live.segmenter import Cut, Segmenter
from tests.unit.fastapi_service.live.talk import Run, cuts, frames, probabilities, talks

RULES = Rules()
PAUSE = (0.0, 30)
LONG = (1.0, 400)


def cut(*talk: Run, level: float = 0.1) -> list[Cut]:
    return cuts(Segmenter(RULES), talk, level)


def only(*talk: Run) -> Cut:
    (single,) = cut(*talk)
    return single


def test_speech_between_silences_gets_its_pre_roll_and_post_roll() -> None:
    end = (50 + 40) * FRAME
    assert only((0.0, 50), (1.0, 40), PAUSE) == Cut(
        start=50 * FRAME - 300 * MS,
        end=end + 200 * MS,
        voiced=40 * FRAME,
        voiced_end=end,
        kept=True,
        reason="endpoint",
    )


def test_speech_from_the_first_sample_has_no_pre_roll() -> None:
    assert only((1.0, 40), PAUSE).start == 0


def test_pre_roll_stops_at_the_session_start() -> None:
    assert only((0.0, 2), (1.0, 40), PAUSE).start == 0


@pytest.mark.parametrize("start", [[(1.0, 1)], [(1.0, 2)], [(1.0, 2), (0.0, 2), (1.0, 2)], [(0.49, 90)]])
def test_less_than_three_of_four_frames_do_not_begin_an_utterance(start: list[Run]) -> None:
    assert cut((0.0, 20), *start, PAUSE) == []


@pytest.mark.parametrize("start", [[(0.5, 3)], [(1.0, 1), (0.0, 1), (1.0, 2)], [(1.0, 2), (0.0, 1), (1.0, 1)]])
def test_three_of_four_frames_begin_one_at_the_first_of_them(start: list[Run]) -> None:
    assert only((0.0, 20), *start, (1.0, 40), PAUSE).start == 20 * FRAME - 300 * MS


def test_a_voice_may_sink_to_the_lower_threshold() -> None:
    assert only((1.0, 20), (0.35, 60), PAUSE).voiced == 80 * FRAME


def test_below_the_lower_threshold_it_must_rise_to_the_upper_one_again() -> None:
    assert only((1.0, 20), (0.34, 1), (0.49, 29)).voiced == 20 * FRAME


def waits(segmenter: Segmenter, voiced: int, sentence_ended: bool = False) -> int:
    """Frames of silence until the endpoint."""
    talk = frames([(1.0, voiced), (0.0, 60)])
    for frame in talk:
        if segmenter.push(frame, sentence_ended):
            return frame.end // FRAME - voiced
    raise AssertionError("no endpoint")


def test_the_endpoint_comes_sooner_after_a_sentence_and_later_after_a_word() -> None:
    assert waits(Segmenter(RULES), 40) == 18  # the first whole frame past 550 ms
    assert waits(Segmenter(RULES), 40, sentence_ended=True) == 13  # 400 ms
    assert waits(Segmenter(RULES), 20) == 25  # 800 ms, to the frame
    assert waits(Segmenter(RULES), 20, sentence_ended=True) == 25


def test_speech_that_resumes_just_before_the_endpoint_goes_on() -> None:
    assert len(cut((1.0, 40), (0.0, 17), (1.0, 40), PAUSE)) == 1
    assert len(cut((1.0, 40), (0.0, 18), (1.0, 40), PAUSE)) == 2


def test_pre_roll_does_not_reach_into_the_utterance_before() -> None:
    first, second = cut((1.0, 40), (0.0, 18), (1.0, 40), PAUSE)
    assert second.start == 58 * FRAME - 300 * MS > first.end
    close = Rules(endpoint=300 * MS)
    first, second = cuts(Segmenter(close), [(1.0, 40), (0.0, 10), (1.0, 40), PAUSE])
    assert second.start == first.end == 40 * FRAME + 200 * MS


@pytest.mark.parametrize(("frames_voiced", "kept"), [(7, False), (8, True)])
def test_too_short_is_silence(frames_voiced: int, kept: bool) -> None:
    assert only((1.0, frames_voiced), PAUSE).kept is kept


@pytest.mark.parametrize(("level", "kept"), [(0.0039, False), (0.0041, True)])
def test_too_quiet_is_silence(level: float, kept: bool) -> None:
    (single,) = cut((1.0, 40), PAUSE, level=level)
    assert single.kept is kept


def test_after_ten_seconds_a_short_dip_is_enough() -> None:
    first, second = cut((1.0, 320), (0.0, 4), (1.0, 40), PAUSE)
    assert (first.reason, first.end, first.voiced) == ("soft", 322 * FRAME, 320 * FRAME)
    assert (second.start, second.voiced) == (322 * FRAME, 40 * FRAME)


def test_before_ten_seconds_it_is_not() -> None:
    assert only((1.0, 300), (0.0, 4), (1.0, 5)).reason == "flush"


def test_a_dip_of_less_than_100_ms_is_not() -> None:
    assert only((1.0, 320), (0.0, 3), (1.0, 40)).reason == "flush"


def test_silence_after_a_soft_cut_is_no_utterance() -> None:
    first, rest = cut((1.0, 320), PAUSE)
    assert (first.reason, first.kept, rest.kept, rest.voiced) == ("soft", True, False, 0)


def test_speech_that_never_stops_is_cut_where_it_is_least_a_voice() -> None:
    first, second, *_ = cut((1.0, 430), (0.6, 1), LONG, PAUSE)
    assert (first.start, first.end, first.reason) == (0, 431 * FRAME, "hard")
    assert second.start == first.end
    assert first.voiced == 431 * FRAME


def test_without_any_dip_it_is_cut_at_the_hard_maximum() -> None:
    hard = [c for c in cut((1.0, 2000)) if c.reason == "hard"]
    assert [c.end - c.start for c in hard] == [468 * FRAME] * 4
    assert hard[0].end <= 15_000 * MS


def test_a_voice_that_alternates_with_silence_is_cut_too() -> None:
    flickering = [(1.0, 3), *[(0.0, 1), (1.0, 1)] * 500]
    assert all(c.kept and c.end - c.start <= 15_000 * MS for c in cut(*flickering))


def test_a_last_word_after_a_hard_cut_is_kept_though_it_is_short() -> None:
    *_, last = cut((1.0, 468), (1.0, 3), PAUSE)
    assert (last.start, last.voiced, last.kept) == (468 * FRAME, 3 * FRAME, True)


def test_a_click_after_a_hard_cut_is_not() -> None:
    *_, last = cut((1.0, 468), (1.0, 2), PAUSE)
    assert not last.kept


def test_quiet_sound_that_never_stops_is_silence_and_settles() -> None:
    segmenter = Segmenter(RULES)
    assert not any(c.kept for c in cuts(segmenter, [(1.0, 2000)], level=0.001))
    assert segmenter.settled == 2000 * FRAME


def test_flush_in_the_middle_of_a_word() -> None:
    single = only((0.0, 20), (1.0, 20))
    assert (single.reason, single.kept, single.end) == ("flush", True, 40 * FRAME)


def test_flush_in_the_pause_keeps_the_post_roll_only() -> None:
    assert only((1.0, 20), (0.0, 10)).end == 20 * FRAME + 200 * MS


def test_flush_before_the_start_is_decided_is_silence() -> None:
    segmenter = Segmenter(RULES)
    assert cuts(segmenter, [(0.0, 20), (1.0, 2)]) == []
    assert segmenter.settled == 22 * FRAME


def test_silence_settles_up_to_the_pre_roll_and_no_further() -> None:
    segmenter = Segmenter(RULES)
    for frame in frames([(0.0, 100)]):
        segmenter.push(frame)
        assert segmenter.settled == max(0, frame.end - 300 * MS)
    first, second, _ = frames([(0.0, 100), (1.0, 1), (0.0, 1), (1.0, 1)])[100:]
    for frame in (first, second):
        segmenter.push(frame)
        assert segmenter.settled == 100 * FRAME - 300 * MS  # an utterance may still begin at `first`


@settings(deadline=None, max_examples=40)
@given(talks)
def test_cuts_are_in_order_do_not_overlap_and_are_not_too_long(talk: list[Run]) -> None:
    position = 0
    for single in cuts(Segmenter(RULES), talk):
        assert position <= single.start <= single.voiced_end <= single.end
        assert single.end - single.start <= RULES.hard_maximum
        assert single.voiced <= single.end - single.start
        position = single.end
    assert position <= len(probabilities(talk)) * FRAME


@settings(deadline=None, max_examples=40)
@given(talks)
def test_every_voiced_frame_lies_inside_a_cut(talk: list[Run]) -> None:
    all_cuts = cuts(Segmenter(RULES), talk)
    inside = {i for c in all_cuts for i in range(-(-c.start // FRAME), c.end // FRAME)}
    levels = probabilities(talk)
    for i in range(len(levels) - 3):
        entering = {j for j in range(i, i + 4) if levels[j] >= RULES.enter}
        if len(entering) >= RULES.start_frames:
            assert entering <= inside
    for i, level in enumerate(levels[1:], start=1):
        if i - 1 in inside and levels[i - 1] >= RULES.enter and level >= RULES.leave:
            assert i in inside
    assert sum(c.voiced for c in all_cuts) <= sum(p >= RULES.leave for p in levels) * FRAME


@settings(deadline=None, max_examples=40)
@given(talks)
def test_settled_never_falls_and_no_later_cut_begins_before_it(talk: list[Run]) -> None:
    segmenter = Segmenter(RULES)
    settled = 0
    for frame in frames(talk):
        single = segmenter.push(frame)
        assert single is None or single.start >= settled
        assert settled <= segmenter.settled <= frame.end
        settled = segmenter.settled
        if segmenter.open is None:
            assert frame.end - settled <= RULES.pre_roll + 3 * FRAME
        else:
            assert frame.end - settled <= RULES.hard_maximum
    last = segmenter.flush()
    assert last is None or last.start >= settled
    assert segmenter.settled == len(probabilities(talk)) * FRAME
