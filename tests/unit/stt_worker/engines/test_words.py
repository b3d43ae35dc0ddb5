"""Tokens into words, and times that are in order whatever an alignment says."""

import numpy as np
import pytest

from stt_worker.engines import words
from stt_worker.engines.protocol import Alignment, Piece, TimedWord


def pieces(*parts: str | bytes) -> tuple[Piece, ...]:
    return tuple(Piece(n, part if isinstance(part, bytes) else part.encode()) for n, part in enumerate(parts))


def texts(language: str, *parts: str | bytes) -> list[str]:
    return [group.text.strip() for group in words.grouped(pieces(*parts), language)]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((" It", "'s", " a", " well", "-", "known", " film", "."), ["It's", "a", "well-known", "film."]),
        ((" It", " costs", " $", "3", ".", "5", "0", "!"), ["It", "costs", "$3.50!"]),
        ((" He", " said", ' "', "yes", '"', ",", " (", "twice", ")"), ["He", "said", '"yes",', "(twice)"]),
        ((" ¿", " Qu", "é", "?"), ["¿ Qué?"]),
        ((" Well", " -", " no"), ["Well -", "no"]),
        ((" ...", " and", " so", " ..."), ["... and", "so ..."]),
        ((" end", " ("), ["end ("]),
        (("Hello", "\n", "there"), ["Hello", "there"]),
    ],
)
def test_words_stand_between_spaces_and_have_their_punctuation(parts: tuple[str, ...], expected: list[str]) -> None:
    assert texts("en", *parts) == expected


def test_korean_has_spaces_and_characters_of_several_tokens() -> None:
    first, second = " 영화".encode()[:3], " 영화".encode()[3:]
    assert texts("ko", " 이", first, second, " 좋", "아요", ".") == ["이", "영화", "좋아요."]


def test_without_spaces_each_token_is_a_word_and_latin_ones_stay_whole() -> None:
    said = texts("ja", "「", "今日", "は", "」", " W", "hisper", "です", "。")
    assert said == ["「今日", "は」", "Whisper", "です。"]


def test_a_broken_character_at_the_end_is_shown_as_such() -> None:
    assert texts("ko", " 이", " 영".encode()[:3]) == ["이 \N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("parts", [(), (" ",), (" ...",), (" (", ")")])
def test_nothing_that_can_be_said_is_no_words(parts: tuple[str, ...]) -> None:
    assert texts("en", *parts) == []


def test_pauses_belong_to_no_word_and_a_late_start_goes_back_to_the_end_of_its_pause() -> None:
    loud = np.zeros(50, dtype=bool)
    loud[5:15] = loud[25:45] = True
    alignment = Alignment((0, 28, 35, 50), (0.5, 0.9, 0.7))
    found = words.timed(pieces(" so", " it", " goes"), alignment, loud, "en")
    assert found == (TimedWord("so", 0.1, 0.3, 0.5), TimedWord("it", 0.5, 0.7, 0.9), TimedWord("goes", 0.7, 0.9, 0.7))


def test_a_word_has_the_mean_probability_of_its_tokens() -> None:
    loud = np.ones(20, dtype=bool)
    alignment = Alignment((0, 4, 9, 20), (0.5, 1.0, 0.6))
    [word] = words.timed(pieces(" every", "one", "."), alignment, loud, "en")
    assert (word.start, word.end, word.probability) == (0.0, 0.4, 0.7)


@pytest.mark.parametrize("starts", [(0, 0, 0, 0, 10), (9, 9, 9, 9, 9), (0, 9, 9, 10, 10), (10, 10, 10, 10, 10)])
def test_words_never_overlap_leave_the_sound_or_have_no_length(starts: tuple[int, ...]) -> None:
    found = words.timed(pieces(" a", " b", " c", " d"), Alignment(starts, (1.0,) * 4), np.ones(10, dtype=bool), "en")
    times = [time for word in found for time in (word.start, word.end)]
    assert times == sorted(times) and times[0] >= 0 and times[-1] <= 0.2
    assert all(word.end > word.start for word in found)


def test_more_words_than_room_stay_inside() -> None:
    found = words.timed(pieces(" a", " b", " c"), Alignment((0, 0, 0, 0), (1.0,) * 3), np.ones(2, dtype=bool), "en")
    assert all(0 <= word.start <= word.end <= 0.04 for word in found)


@pytest.mark.parametrize(
    ("text", "count"),
    [("so it goes", 3), ("so it", 2), (" so\nit ", 2), ("", 0), ("so i", 0), ("it goes", 0), ("no", 0)],
)
def test_only_the_words_of_a_kept_text_are_kept(text: str, count: int) -> None:
    found = [TimedWord(word, 0.0, 1.0, 1.0) for word in ("so", "it", "goes")]
    assert words.fitting(found, text) == found[:count]
