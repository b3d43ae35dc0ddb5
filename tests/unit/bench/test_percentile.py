"""Nearest-rank percentiles."""

import pytest

from tests.bench.percentile import p50_p95, percentile


def test_of_one_to_a_hundred() -> None:
    values = list(range(100, 0, -1))
    assert [percentile(values, p) for p in (0, 1, 50, 95, 99, 100)] == [1, 1, 50, 95, 99, 100]


def test_is_always_one_of_the_values() -> None:
    assert percentile([3.0, 1.0], 50) == 1.0
    assert percentile([3.0, 1.0], 51) == 3.0
    assert percentile([7.0], 95) == 7.0


def test_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_pair_says_of_how_many() -> None:
    assert p50_p95([1.04, 2.0, 3.0]) == {"p50": 2.0, "p95": 3.0, "n": 3}
