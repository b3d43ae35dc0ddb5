"""Cutting long texts: nothing is lost, everything fits, cuts are at sentences where possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer_worker.sentences import pieces, weighted

TEXTS = st.text(alphabet=st.sampled_from('ab .!?…。！？」"\n 가나'), max_size=120)


@given(TEXTS, st.integers(1, 30))
def test_the_pieces_are_the_text_and_each_fits(text: str, window: int) -> None:
    found = pieces(text, len, window)
    assert "".join(found) == text
    assert all(len(piece) <= window for piece in found)


@given(st.text(max_size=60), st.integers(1, 20))
def test_any_text_is_kept(text: str, window: int) -> None:
    assert "".join(pieces(text, lambda part: len(part.encode("utf-8", "replace")), window)) == text


@pytest.mark.parametrize(
    ("text", "window", "expected"),
    [
        ("It is good. It is bad.", 100, ["It is good. It is bad."]),
        ("It is good. It is bad.", 12, ["It is good. ", "It is bad."]),
        ("좋아요. 싫어요! 글쎄요?", 6, ["좋아요. ", "싫어요! ", "글쎄요?"]),
        ("我喜欢。我讨厌！「真的？」他说", 5, ["我喜欢。", "我讨厌！", "「真的？」", "他说"]),
        ("Version 3.5 is out. Really.", 20, ["Version 3.5 is out. ", "Really."]),
        ('He said "no." Then left...', 14, ['He said "no." ', "Then left..."]),
        ("one two three four", 9, ["one two ", "three ", "four"]),
        ("A. abcdefghij", 4, ["A. ", "abcd", "efgh", "ij"]),
        ("", 5, [""]),
    ],
)
def test_where_it_is_cut(text: str, window: int, expected: list[str]) -> None:
    assert pieces(text, len, window) == expected


def test_a_character_that_is_longer_than_the_window_stays_whole() -> None:
    assert pieces("가나", lambda part: 3 * len(part), 2) == ["가", "나"]


def test_a_long_text_takes_little_time() -> None:
    text = "The day was good and the night was long, " * 400 + "end. " * 400
    assert "".join(pieces(text, lambda part: len(part.split()), 30)) == text


def test_scores_are_weighted_by_length() -> None:
    assert weighted([{"a": 1.0}, {"a": 0.0}], [3, 1]) == {"a": 0.75}
