"""Which stretch of sound each token is: the best way through how well the two match. Pure.

Dynamic time warping as stock Whisper does it, in which no two tokens share a position, and a row at a time
(a running maximum) instead of a compiled double loop: compiling the stock one takes 7 s in each worker.
"""

import numpy as np
from numpy.typing import NDArray

from stt_worker.engines.loudness import Loud

Matrix = NDArray[np.float64]

PACE_WEIGHT = 0.6
PACE_SECONDS, PACE_SHARE = 0.3, 0.15
"""A token that is this far (0.3 s and 15 % of the speech) from where an even pace has it costs PACE_WEIGHT;
attention that knows the place is worth several times that."""
POSITIONS_PER_SECOND = 50


def starts(match: Matrix) -> list[int]:
    """The column where each row of `match` [tokens, positions] begins, so that the sum over all columns is
    largest; rows follow each other without gaps. Raises ValueError when there are more rows than columns, or
    a number is none."""
    rows, columns = match.shape
    if rows > columns or not np.isfinite(match).all():
        raise ValueError(f"{rows} tokens cannot be placed in {columns} positions")
    begun = np.zeros((rows, columns), dtype=np.int64)  # where this row began, if it ends in that column
    best = np.full(columns, -np.inf)
    for row in range(rows):
        sums = np.concatenate([[0.0], np.cumsum(match[row])])
        before = np.concatenate([[0.0 if row == 0 else -np.inf], best[:-1]])
        if row == 0:
            before[1:] = -np.inf
        gains = before - sums[:-1]
        highest = np.maximum.accumulate(gains)
        begun[row] = np.maximum.accumulate(np.where(gains == highest, np.arange(columns), 0))
        best = sums[1:] + highest
    found, column = [], columns - 1
    for row in reversed(range(rows)):
        found.append(int(begun[row, column]))
        column = found[-1] - 1
    return found[::-1]


def pace(lengths: list[int], loud: Loud) -> Matrix:
    """What is to be taken off a match [tokens, positions] for being far from an even pace: `lengths` characters
    per token, spoken while it is `loud`."""
    share = np.cumsum(lengths) - np.asarray(lengths) / 2
    spoken = np.cumsum(loud) / POSITIONS_PER_SECOND
    away = share[:, None] / max(1, sum(lengths)) * spoken[-1] - spoken[None]
    costs: Matrix = PACE_WEIGHT * (away / (PACE_SECONDS + PACE_SHARE * spoken[-1])) ** 2
    return costs
