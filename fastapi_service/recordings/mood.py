"""PURE: the sentiment of a whole recording and its course over time, from that of its segments."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.names import LABELS
from contracts.polarity import label_of

SHORTEST_SMOOTHING_SECONDS = 10.0
SMOOTHING_SHARE = 1 / 30
"""Of the time between the first and the last moment: over so long the smoothed line forgets."""
LEAST_SECONDS = 0.001
"""What a segment without a length weighs, so that it still has a say."""


@dataclass(frozen=True)
class Judged:
    """A segment that has a label. Times are seconds."""

    segment: int
    start: float
    end: float
    label: str
    score: float

    @property
    def seconds(self) -> float:
        return max(self.end - self.start, LEAST_SECONDS)


@dataclass(frozen=True)
class Overall:
    """`score` is the mean of the segments' scores, weighted by their seconds; the label is NEUTRAL
    inside ±1/3. `shares`: of the judged seconds, for each label. Without any judged segment label and
    score are null and `reason` says why."""

    label: str | None
    score: float | None
    shares: dict[str, float]
    judged_seconds: float
    model: str
    reason: str | None = None


@dataclass(frozen=True)
class Moment:
    """The middle of segment `segment`: its score, and the smoothed line there."""

    at: float
    score: float
    smoothed: float
    segment: int


def overall(judged: Sequence[Judged], models: Iterable[str], reasons: Iterable[str]) -> Overall:
    """`models` are those that judged and `reasons` why some segments were not; the most frequent counts."""
    model = most_frequent(models)
    if not judged:
        return Overall(None, None, {}, 0.0, model, most_frequent(reasons) or "nothing was said")
    whole = sum(each.seconds for each in judged)
    seconds = dict.fromkeys(LABELS, 0.0)
    for each in judged:
        seconds[each.label] += each.seconds
    score = sum(each.score * each.seconds for each in judged) / whole
    shares = {label: round(seconds[label] / whole, 4) for label in LABELS}
    return Overall(label_of(score), round(score, 4) + 0.0, shares, round(whole, 3), model)


def course(judged: Sequence[Judged]) -> list[Moment]:
    """In order of time. The smoothed line weighs each segment by its seconds and by exp(-distance /
    smoothing time), to both sides, so that it does not lag."""
    ordered = sorted(judged, key=_middle)
    if not ordered:
        return []
    middles = [_middle(each) for each in ordered]
    fade = max(SHORTEST_SMOOTHING_SECONDS, SMOOTHING_SHARE * (middles[-1] - middles[0]))
    kept = [math.exp((before - after) / fade) for before, after in itertools.pairwise(middles)]
    weights = [each.seconds for each in ordered]
    sums = [each.seconds * each.score for each in ordered]
    lines = zip(_both_ways(sums, kept), _both_ways(weights, kept), strict=True)
    smoothed = [min(1.0, max(-1.0, total / weight)) for total, weight in lines]
    return [
        Moment(round(at, 3), each.score, round(value, 4) + 0.0, each.segment)
        for at, each, value in zip(middles, ordered, smoothed, strict=True)
    ]


def most_frequent(words: Iterable[str]) -> str:
    """Empty words do not count; the first of several that are as frequent."""
    counted = Counter(word for word in words if word)
    return counted.most_common(1)[0][0] if counted else ""


def _middle(each: Judged) -> float:
    return (each.start + each.end) / 2


def _both_ways(values: Sequence[float], kept: Sequence[float]) -> list[float]:
    """For each place the sum of all values, each times what is `kept` of it on the way there. Two runs
    through the list instead of a look at every pair."""
    forth = _faded(values, kept)
    back = _faded(values[::-1], kept[::-1])[::-1]
    return [left + right - own for left, right, own in zip(forth, back, values, strict=True)]


def _faded(values: Sequence[float], kept: Sequence[float]) -> list[float]:
    sums, so_far = [], 0.0
    for value, share in zip(values, [0.0, *kept], strict=True):
        so_far = so_far * share + value
        sums.append(so_far)
    return sums
