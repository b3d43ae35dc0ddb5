"""What becomes stable, what does not, and that nothing stable is ever taken back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastapi_service.live.agreement import Agreement, ends_sentence, normal, split
from fastapi_service.live.rules import MS, Rules

SECOND = 1000 * MS


def learned(*texts: str, apart: int = SECOND) -> Agreement:
    agreement = Agreement(Rules())
    for i, text in enumerate(texts, start=1):
        agreement.learn(text, i * apart)
    return agreement


def shown(*texts: str, apart: int = SECOND) -> tuple[str, str]:
    agreement = learned(*texts, apart=apart)
    return agreement.stable, agreement.tail


def test_the_first_hypothesis_is_only_a_tail() -> None:
    assert shown("I really") == ("", "I really")


def test_what_two_share_is_stable_and_the_rest_follows() -> None:
    assert shown("I really", "I really love this") == ("I really", " love this")


def test_case_and_punctuation_do_not_count() -> None:
    assert shown("i really love.", "I really, love this") == ("I really, love", " this")


def test_a_stable_word_stays_as_it_was_shown() -> None:
    assert shown("Hello", "hello there", "HELLO, there you") == ("hello there", " you")


def test_a_changed_word_is_stable_only_when_it_comes_twice() -> None:
    assert shown("I like", "I love this", "I love this phone") == ("I love this", " phone")


def test_a_hypothesis_against_the_stable_words_freezes_them() -> None:
    assert shown("we want it", "we want it", "he wants it now", "he wants it now") == ("we want it", " now")


def test_nothing_heard_leaves_the_stable_words() -> None:
    assert shown("we want", "we want it", "") == ("we want", "")
    assert shown("...", "...") == ("", "")


def test_a_last_word_needs_new_audio_behind_it() -> None:
    assert shown("a good thin", "a good thin", apart=299 * MS) == ("a good", " thin")
    assert shown("a good thing", "a good thing", apart=300 * MS) == ("a good thing", "")


def test_punctuation_alone_is_no_word() -> None:
    assert split("- so , he said …") == ["- so ,", " he", " said …"]
    assert split("...") == ["..."]
    assert split("  ") == []


def test_scripts_without_spaces_agree_character_by_character() -> None:
    assert shown("今日は", "今日は、天気が") == ("今日は、", "天気が")
    assert shown("오늘 날씨가", "오늘 날씨가 좋다") == ("오늘 날씨가", " 좋다")
    assert split("กำลัง") == ["ก", "ำ", "ลั", "ง"]


def test_words_in_other_letters_have_a_normal_form() -> None:
    assert normal(" Straße,") == "strasse"
    assert normal("don't") == normal("Don’t")
    assert normal("हिन्दी।") == "हिन्दी"


@pytest.mark.parametrize("text", ["Yes.", "Really?", 'He said "no!"', "そうです。", "Good. "])
def test_a_sentence_has_ended(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["", "and then", "Well,", "So...", "So…", "3.5 or"])
def test_a_sentence_goes_on(text: str) -> None:
    assert not ends_sentence(text)


some_words = st.lists(st.sampled_from(["I", "i,", "love", "Love.", "this", "-", "phone!", "오늘", "今日"]), max_size=6)
some_text = st.text("aB é.,-…!\t今カกั", max_size=12)
hypotheses = st.lists(st.tuples(some_words.map(" ".join) | some_text, st.integers(1, 3 * SECOND)), max_size=8)


@settings(deadline=None, max_examples=50)
@given(hypotheses)
def test_stable_words_are_never_taken_back(heard: list[tuple[str, int]]) -> None:
    agreement = Agreement(Rules())
    before, end = "", 0
    for text, more in heard:
        end += more
        agreement.learn(text, end)
        assert agreement.stable.startswith(before)
        before = agreement.stable


@settings(deadline=None, max_examples=50)
@given(some_text)
def test_words_joined_are_the_text(text: str) -> None:
    assert "".join(split(text)) == text.strip()


@settings(deadline=None, max_examples=50)
@given(some_words, some_words)
def test_agreement_shows_the_whole_of_a_hypothesis_that_goes_on_from_the_stable_words(
    first: list[str], more: list[str]
) -> None:
    stable, tail = shown(" ".join(first), " ".join(first), " ".join(first + more))
    whole = [normal(word) for word in split(" ".join(first + more)) if normal(word)]
    assert [normal(word) for word in split(stable + tail)] == whole
