import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import Word
from fastapi_service.recordings.cues import LINE, LINES, columns, cues, milliseconds, plain
from tests.unit.fastapi_service.recordings.spoken import SEGMENTS, TEXT, segment

SENTENCE = "The quick brown fox jumps over the lazy dog, and then it runs away into the deep dark forest for good."


def words_of(text: str, start: float, each: float, gap: float = 0.0) -> list[Word]:
    return [
        Word(word, start + number * (each + gap), start + number * (each + gap) + each, 0.9)
        for number, word in enumerate(text.split())
    ]


def shown(found) -> list[str]:
    return [" / ".join(cue.lines) for cue in found]


@pytest.mark.parametrize(
    ("seconds", "ms"), [(1.9996, 2000), (59.9996, 60_000), (0.0004, 0), (-1.0, 0), (400_000.5, 400_000_500)]
)
def test_times_become_whole_milliseconds(seconds, ms):
    assert milliseconds(seconds) == ms


def test_a_short_text_is_one_line():
    (cue,) = cues([segment("I love this place.", 1.25, 3.5)])
    assert (cue.start, cue.end, cue.lines) == (1250, 3500, ("I love this place.",))


def test_two_lines_are_about_equally_long():
    assert shown(cues([segment("I love this place, it is so beautiful and quiet here.")])) == [
        "I love this place, it is so / beautiful and quiet here."
    ]


def test_a_long_text_becomes_cues_without_a_lonely_last_word():
    first, second = cues([segment(SENTENCE, 0, 10)])
    assert abs(columns(" ".join(first.lines)) - columns(" ".join(second.lines))) < 12
    assert first.end == second.start and second.end == 10_000
    assert 4500 < first.end < 5500


def test_a_cue_ends_with_its_sentence():
    assert shown(
        cues([segment("This is the first of two sentences. And this one is the second, which is longer.")])
    ) == [
        "This is the first of two sentences.",
        "And this one is the second, / which is longer.",
    ]


def test_word_times_say_when():
    words = words_of(SENTENCE, 20, 0.2, 0.1)
    first, second = cues([segment(SENTENCE, 20, 60, words)])
    spoken = [len(" ".join(cue.lines).split()) for cue in (first, second)]
    assert sum(spoken) == len(words)
    assert first.start == 20_000 and first.end == milliseconds(words[spoken[0] - 1].end)
    assert second.start == milliseconds(words[spoken[0]].start) and second.end == milliseconds(words[-1].end)


def test_a_pause_between_words_begins_another_cue():
    words = [Word("Well,", 1, 1.4, 0.9), Word("yes.", 4, 4.5, 0.9)]
    found = cues([segment("Well, yes.", 1, 4.5, words)])
    assert [(cue.start, cue.end, cue.lines) for cue in found] == [(1000, 1800, ("Well,",)), (4000, 4800, ("yes.",))]


def test_slow_words_do_not_stand_for_ever():
    text = "one two three four five six"
    found = cues([segment(text, 0, 18, words_of(text, 0, 3))])
    assert all(cue.end - cue.start <= 7000 for cue in found) and len(found) == 3


def test_words_of_another_text_say_nothing():
    (cue,) = cues([segment("Thank you.", 2, 3, words_of("Thank you. Thank you.", 0, 1))])
    assert (cue.start, cue.end) == (2000, 3000)


def test_words_come_with_or_without_their_spaces():
    words = [Word(" I", 0, 1, 0.9), Word(" don", 1, 2, 0.9), Word("'t", 2, 3, 0.9)]
    (cue,) = cues([segment("I don't", 0, 9, words)])
    assert cue.end == 3000


def test_chinese_is_cut_between_characters_but_not_before_a_full_stop():
    text = "我非常喜欢这个地方，这里的人都很好，天气也很好。" * 5
    found = cues([segment(text, 0, 30)])
    assert "".join("".join(cue.lines) for cue in found) == text and len(found) > 1
    assert not any(line[0] in "，。" for cue in found for line in cue.lines)


def test_a_word_without_end_is_cut():
    assert all(columns(line) <= LINE for cue in cues([segment("a" * 200)]) for line in cue.lines)


def test_what_overlaps_is_put_in_line():
    found = cues([segment("One.", 0, 5), segment("Two.", 3, 3), segment("Three.", 3, 4), segment("Four.", 3.2, 2)])
    assert [(cue.start, cue.end) for cue in found] == [(0, 3000), (3000, 3001), (3001, 3200), (3200, 4000)]


@given(SEGMENTS)
def test_cues_never_overlap_and_hold_everything_in_readable_lines(rows):
    segments = [segment(text, start, end) for start, end, text in sorted(rows)]
    found = cues(segments)
    assert all(cue.start < cue.end for cue in found)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
    for cue in found:
        assert 1 <= len(cue.lines) <= LINES
        assert all(line and line == plain(line) and columns(line) <= LINE for line in cue.lines)
    letters = sorted("".join(plain(each.text) for each in segments).replace(" ", ""))
    assert sorted("".join(line for cue in found for line in cue.lines).replace(" ", "")) == letters


@given(TEXT, st.lists(st.tuples(st.floats(0, 100), st.floats(-1, 50)), max_size=80))
def test_any_word_times_will_do(text, times):
    words = [Word(w, at, at + length, 0.5) for w, (at, length) in zip(text.split(), times, strict=False)]
    found = cues([segment(text, 5, 9, words)])
    assert all(cue.start < cue.end for cue in found)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
    assert "".join("".join(cue.lines) for cue in found).replace(" ", "") == plain(text).replace(" ", "")
