"""PURE: cut a text into pieces that fit a model's window, at sentences where that is possible.

Nothing is lost or added: the pieces joined are the text. A sentence that is too long by itself is
cut at words, a word at characters.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

_SENTENCE = re.compile(
    r"[^.!?…。！？．｡\n]*(?:[.!?…]+[\"'”’»)\]]*(?:\s+|$)|[。！？．｡]+[」』”’）\]\"']*\s*|\n\s*|[.!?…]+|$)"
)
_WORD = re.compile(r"\s*\S+\s*|\s+")

Length = Callable[[str], int]


def pieces(text: str, length: Length, window: int) -> list[str]:
    """The text in as few consecutive pieces as greedy packing gives, each with `length` at most
    `window` (a single character may exceed it: it cannot be cut)."""
    return _fit(text, length, window, (_sentences, _words, list))


def weighted(scores: Sequence[Mapping[str, float]], weights: Sequence[float]) -> dict[str, float]:
    """The mean of the pieces' scores, each counted by its length."""
    total = sum(weights)
    return {key: sum(s[key] * w for s, w in zip(scores, weights, strict=True)) / total for key in scores[0]}


def _fit(text: str, length: Length, window: int, cuts: Sequence[Callable[[str], list[str]]]) -> list[str]:
    if length(text) <= window or not cuts:
        return [text]
    packed: list[str] = []
    for part in cuts[0](text):
        if packed and length(packed[-1] + part) <= window:
            packed[-1] += part
        else:
            packed.extend(_fit(part, length, window, cuts[1:]))
    return packed


def _sentences(text: str) -> list[str]:
    return list(_matches(_SENTENCE, text))


def _words(text: str) -> list[str]:
    return list(_matches(_WORD, text))


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (match[0] for match in pattern.finditer(text) if match[0])
