"""The best way through a matrix, against every way there is; and where sound is."""

import itertools

import numpy as np
import pytest

from stt_worker.engines import alignment, loudness
from stt_worker.engines.heads import heads


def test_the_way_found_is_the_best_of_all() -> None:
    rng = np.random.default_rng(0)
    for rows, columns in itertools.product(range(1, 5), range(4, 9)):
        match = rng.standard_normal((rows, columns))
        ways = [(0, *cuts) for cuts in itertools.combinations(range(1, columns), rows - 1)]

        def worth(way: tuple[int, ...], match: np.ndarray = match, columns: int = columns) -> float:
            ends = (*way[1:], columns)
            return sum(float(match[row, a:b].sum()) for row, (a, b) in enumerate(zip(way, ends, strict=True)))

        assert tuple(alignment.starts(match)) == max(ways, key=worth)


def test_rows_of_the_same_worth_have_a_way_too() -> None:
    found = alignment.starts(np.zeros((3, 7)))
    assert found[0] == 0 and found[0] < found[1] < found[2] < 7


@pytest.mark.parametrize("match", [np.zeros((4, 3)), np.full((2, 5), np.nan), np.full((1, 2), np.inf)])
def test_what_has_no_way_is_refused(match: np.ndarray) -> None:
    with pytest.raises(ValueError, match="cannot be placed"):
        alignment.starts(match)


def test_an_even_pace_costs_nothing_and_counts_only_what_is_loud() -> None:
    loud = np.array([True] * 10 + [False] * 80 + [True] * 10)
    costs = alignment.pace([5, 5], loud)
    assert costs[0].argmin() == 4 and costs[1].argmin() == 94
    assert costs[0, 10] == costs[0, 89] and costs[0, 99] > costs[0, 10]


def test_silence_is_not_loud_and_neither_is_what_lies_far_below_the_loudest() -> None:
    rng = np.random.default_rng(0)
    sound = np.concatenate([level * rng.standard_normal(3200) for level in (0.001, 0.1, 0.0, 0.2, 0.0005)])
    loud = loudness.loud(sound.astype(np.float32))
    assert loud.tolist() == [False] * 10 + [True] * 10 + [False] * 10 + [True] * 10 + [False] * 10
    assert loudness.extent(loud, 10) == (9, 41)
    assert loudness.extent(loud, 40) == (0, 50)


@pytest.mark.parametrize(("samples", "count"), [(1, 1), (320, 1), (321, 2)])
def test_a_position_is_20_ms(samples: int, count: int) -> None:
    loud = loudness.loud(np.zeros(samples, dtype=np.float32))
    assert len(loud) == count and loudness.extent(loud, 1) == (0, count)


def dims(layers: int, each: int, vocabulary: int = 51865, mels: int = 80) -> dict[str, int]:
    return {"n_text_layer": layers, "n_text_head": each, "n_vocab": vocabulary, "n_mels": mels}


def test_the_heads_of_a_known_shape_are_the_stock_ones() -> None:
    assert heads(dims(4, 6, 51864)) == [(1, 0), (2, 0), (2, 5), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4)]
    assert len(heads(dims(6, 8))) == 8 and len(heads(dims(6, 8, 51864))) == 5
    assert len(heads(dims(32, 20))) == 23 and len(heads(dims(32, 20, 51866, 128))) == 10


def test_an_unknown_shape_has_those_of_its_later_half() -> None:
    assert heads(dims(4, 2)) == [(2, 0), (2, 1), (3, 0), (3, 1)]
    assert heads(dims(2, 2)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
