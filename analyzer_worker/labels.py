"""PURE: what the classes of any text-classification model mean as POSITIVE, NEGATIVE, NEUTRAL.

Models name their classes as they like: `POSITIVE`, `neg`, `LABEL_1`, `4 stars`, `joy`, `긍정`. This
reads such names, or refuses: a model whose classes are no sentiment must not be used by accident.
"""

import re
from collections.abc import Mapping, Sequence

from contracts.names import LABELS, NEGATIVE, NEUTRAL, POSITIVE

_NAMES = {
    POSITIVE: "positive pos good bullish favorable favourable 긍정 积极 正面 ポジティブ positiv positivo positif",
    NEGATIVE: "negative neg bad bearish unfavorable unfavourable 부정 消极 负面 ネガティブ negativ negativo negatif",
    NEUTRAL: "neutral neu mixed none objective 중립 中性 ニュートラル neutre neutro",
}
_EMOTIONS = {
    POSITIVE: "joy happiness happy love admiration amusement approval caring desire excitement gratitude optimism "
    "pride relief enthusiasm fun trust contentment 기쁨 행복",
    NEGATIVE: "anger angry annoyance disappointment disapproval disgust embarrassment fear grief nervousness remorse "
    "sadness sad hate pessimism worry anxiety boredom shame guilt 분노 슬픔 공포 혐오 불안",
    NEUTRAL: "neutral surprise curiosity realization confusion anticipation others other no_emotion 중립 놀람",
}
_DEGREE = re.compile(r"^(very|extremely|somewhat|slightly|mostly|strongly|weakly)[ _-]+")
_STARS = re.compile(r"^(\d{1,2})[ _-]?stars?$")
_NUMBERED = re.compile(r"^label[ _-]?(\d{1,2})$")
_CONVENTIONS = {2: (NEGATIVE, POSITIVE), 3: (NEGATIVE, NEUTRAL, POSITIVE)}
"""What LABEL_0, LABEL_1 (SST-2 and kin) and LABEL_0..2 (TweetEval and kin) stand for."""


class Unclear(ValueError):
    """The classes cannot be read as a sentiment; the message shows them and says what would do."""


def meanings(id2label: Mapping[int, str]) -> tuple[str, ...]:
    """For each class in order of its id: POSITIVE, NEGATIVE or NEUTRAL. Raises Unclear."""
    names = [str(id2label[i]).strip().lower() for i in sorted(id2label)]
    for read in (_by_name, _by_number, _by_stars, _by_emotion):
        found = read(names)
        if found and POSITIVE in found and NEGATIVE in found:
            return tuple(found)
    shown = ", ".join(repr(name) for name in names[:8]) + (", ..." if len(names) > 8 else "")
    raise Unclear(
        f"its classes ({shown}) cannot be read as positive and negative; use a model with sentiment, "
        "star or emotion classes"
    )


def combine(meaning: Sequence[str], probabilities: Sequence[float]) -> dict[str, float]:
    """Sum the probability of the classes by what they mean, so that the three of them make 1."""
    scores = dict.fromkeys(LABELS, 0.0)
    for label, probability in zip(meaning, probabilities, strict=True):
        scores[label] += probability
    total = sum(scores.values())
    return {label: value / total for label, value in scores.items()} if total > 0 else scores


def _by_name(names: Sequence[str]) -> list[str] | None:
    return _look_up([_DEGREE.sub("", name) for name in names], _NAMES)


def _by_emotion(names: Sequence[str]) -> list[str] | None:
    return _look_up(names, _EMOTIONS)


def _look_up(names: Sequence[str], words: Mapping[str, str]) -> list[str] | None:
    known = {word: label for label, text in words.items() for word in text.split()}
    found = [known.get(name) for name in names]
    return [label for label in found if label] if all(found) else None


def _by_number(names: Sequence[str]) -> list[str] | None:
    numbers = [int(m[1]) for m in map(_NUMBERED.match, names) if m]
    convention = _CONVENTIONS.get(len(names))
    return list(convention) if convention and numbers == list(range(len(names))) else None


def _by_stars(names: Sequence[str]) -> list[str] | None:
    stars = [int(m[1]) for m in map(_STARS.match, names) if m]
    if len(stars) != len(names) or len(set(stars)) != len(stars):
        return None
    middle = (min(stars) + max(stars)) / 2
    return [POSITIVE if n > middle else NEGATIVE if n < middle else NEUTRAL for n in stars]
