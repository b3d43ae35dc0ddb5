import pytest

from contracts.names import NEGATIVE, NEUTRAL, POSITIVE
from contracts.polarity import label_of


@pytest.mark.parametrize(
    ("score", "label"),
    [(1.0, POSITIVE), (0.34, POSITIVE), (1 / 3, NEUTRAL), (-1 / 3, NEUTRAL), (-0.34, NEGATIVE), (0.0, NEUTRAL)],
)
def test_neutral_is_inside_a_third(score: float, label: str) -> None:
    assert label_of(score) == label
