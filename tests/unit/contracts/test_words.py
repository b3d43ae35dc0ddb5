import pytest

from contracts import words


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("Hello, world!", 2), ("don't stop - now", 3), ("나는 너를 좋아해", 3), ("我喜欢你。", 4), ("...", 0)],
)
def test_words(text: str, count: int) -> None:
    assert words.count(text) == count
