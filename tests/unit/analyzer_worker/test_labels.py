"""What classes of models in the wild mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer_worker.labels import Unclear, combine, meanings
from contracts.names import LABELS, NEGATIVE, NEUTRAL, POSITIVE

N, U, P = NEGATIVE, NEUTRAL, POSITIVE


def read(*names: str) -> tuple[str, ...]:
    return meanings(dict(enumerate(names)))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("NEGATIVE", "POSITIVE"), (N, P)),
        (("POS", "NEG", "NEU"), (P, N, U)),
        (("negative", "neutral", "positive"), (N, U, P)),
        (("Very Negative", "Negative", "Neutral", "Positive", "Very Positive"), (N, N, U, P, P)),
        (("very_negative", "somewhat-positive"), (N, P)),
        (("LABEL_0", "LABEL_1"), (N, P)),
        (("LABEL_0", "LABEL_1", "LABEL_2"), (N, U, P)),
        (("1 star", "2 stars", "3 stars", "4 stars", "5 stars"), (N, N, U, P, P)),
        (("5_stars", "1_star"), (P, N)),
        (("sadness", "joy", "love", "anger", "fear", "surprise"), (N, P, P, N, N, U)),
        (("긍정", "부정", "중립"), (P, N, U)),
        (("bullish", "bearish"), (P, N)),
    ],
)
def test_readable_classes(names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert read(*names) == expected


@pytest.mark.parametrize(
    "names",
    [
        ("ham", "spam"),
        ("toxic", "not toxic"),
        ("LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3", "LABEL_4"),
        ("LABEL_0",),
        ("positive", "neutral"),
        ("positive", "sports"),
        ("1 star", "1 star"),
        ("anger", "fear"),
        ("world", "sports", "business", "sci/tech"),
    ],
)
def test_unclear_classes_are_refused_by_name(names: tuple[str, ...]) -> None:
    with pytest.raises(Unclear, match="cannot be read as positive and negative") as caught:
        read(*names)
    assert repr(names[0].lower()) in str(caught.value)


def test_order_is_that_of_the_ids() -> None:
    assert meanings({1: "POSITIVE", 0: "NEGATIVE"}) == (N, P)


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda p: sum(p) > 1e-6))
def test_combined_scores_make_one(probabilities: list[float]) -> None:
    scores = combine((N, N, U, P, P), probabilities)
    assert tuple(scores) == LABELS
    assert sum(scores.values()) == pytest.approx(1)
    assert all(0 <= value <= 1 for value in scores.values())


def test_independent_classes_are_weighed_against_each_other() -> None:
    assert combine((P, P, N), (0.6, 0.6, 0.4)) == pytest.approx({P: 0.75, N: 0.25, U: 0.0})
