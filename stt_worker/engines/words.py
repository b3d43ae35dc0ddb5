"""Tokens and their times -> words and theirs. Pure.

A word is what stands between spaces, with its punctuation; in scripts without spaces it is a token (or as
many as make whole characters), as in the stock package.
"""

import codecs
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from stt_worker.engines.loudness import Loud
from stt_worker.engines.protocol import Alignment, Piece, TimedWord

SECONDS_PER_POSITION = 0.02
WITHOUT_SPACES = frozenset(("zh", "ja", "th", "lo", "my", "yue"))
LATE_POSITIONS = 6
"""Attention finds a word that follows a pause up to so much after it began."""
LEFT_POSITIONS = 25
"""So much of the last word may be taken for what follows the text."""


@dataclass
class Group:
    """A word in the making: `text`, and its tokens from `first` to before `end`."""

    text: str
    first: int
    end: int

    def with_next(self, following: "Group") -> "Group":
        return Group(self.text + following.text, self.first, following.end)

    @property
    def spoken(self) -> bool:
        return any(character.isalnum() for character in self.text)

    @property
    def opens(self) -> bool:
        """Whether it is punctuation of what follows, a bracket or an opening quote."""
        text = self.text.strip()
        return bool(text) and all(unicodedata.category(c) in ("Ps", "Pi") or c in "¿¡" for c in text)


def timed(pieces: Sequence[Piece], alignment: Alignment, loud: Loud, language: str) -> tuple[TimedWord, ...]:
    """The words of a text whose tokens are `pieces`, one after the other inside the sound."""
    groups = grouped(pieces, language)
    begins = [_after_pause(start, loud) for start in alignment.starts[:-1]] + [_end(alignment.starts[-1], loud)]
    spans = [_without_pauses(begins[group.first], begins[group.end], loud) for group in groups]
    words = []
    for group, (first, end) in zip(groups, _apart(spans, len(loud)), strict=True):
        probabilities = alignment.probabilities[group.first : group.end]
        words.append(
            TimedWord(
                group.text.strip(),
                round(first * SECONDS_PER_POSITION, 3),
                round(end * SECONDS_PER_POSITION, 3),
                round(min(1.0, sum(probabilities) / len(probabilities)), 4),
            )
        )
    return tuple(words)


def grouped(pieces: Sequence[Piece], language: str) -> list[Group]:
    """The words, each with its punctuation; none when nothing in the text can be spoken."""
    words: list[Group] = []
    for this in _parts(pieces, language):
        if words and (not words[-1].spoken or not (this.spoken or this.opens)):
            words[-1] = words[-1].with_next(this)
        else:
            words.append(this)
    if len(words) > 1 and not words[-1].spoken:
        words[-2:] = [words[-2].with_next(words[-1])]
    return words if words and words[0].spoken else []


def fitting(words: Sequence[TimedWord], text: str) -> list[TimedWord]:
    """Those that make up `text`, which is all that they say or the beginning of it; none if it is not."""
    left = "".join(text.split())
    found = []
    for word in words:
        plain = "".join(word.word.split())
        if not left or not left.startswith(plain):
            break
        found.append(word)
        left = left[len(plain) :]
    return [] if left else found


def _parts(pieces: Sequence[Piece], language: str) -> list[Group]:
    parts: list[Group] = []
    for this in _characters(pieces):
        if parts and not _parted(parts[-1].text, this.text, language):
            parts[-1] = parts[-1].with_next(this)
        else:
            parts.append(this)
    return parts


def _parted(before: str, after: str, language: str) -> bool:
    if before[-1:].isspace() or after[:1].isspace():
        return True
    latin = (before[-1:] + after[:1]).isascii() and before[-1:].isalnum() and after[:1].isalnum()
    return language in WITHOUT_SPACES and not latin


def _characters(pieces: Sequence[Piece]) -> list[Group]:
    """Tokens, those put together that share a character."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    groups: list[Group] = []
    text, first = "", 0
    for number, piece in enumerate(pieces):
        text += decoder.decode(piece.data, final=number == len(pieces) - 1)
        if decoder.getstate()[0] == b"":
            groups.append(Group(text, first, number + 1))
            text, first = "", number + 1
    return groups


def _after_pause(start: int, loud: Loud) -> int:
    """`start`, or the end of the pause that lies just before it."""
    for position in range(min(start, len(loud)) - 1, max(0, start - LATE_POSITIONS) - 1, -1):
        if not loud[position]:
            return position + 1
    return start


def _end(end: int, loud: Loud) -> int:
    """`end`, or that of the sound if it comes soon."""
    sounding = loud.nonzero()[0]
    last = int(sounding[-1]) + 1 if len(sounding) else end
    return last if 0 < last - end <= LEFT_POSITIONS else end


def _without_pauses(first: int, end: int, loud: Loud) -> tuple[int, int]:
    """The stretch without the silence at both its ends; as it is if there is nothing else in it."""
    end = max(first, min(end, len(loud)))
    inside = loud[first:end].nonzero()[0]
    return (first + int(inside[0]), first + int(inside[-1]) + 1) if len(inside) else (first, end)


def _apart(spans: list[tuple[int, int]], positions: int) -> list[tuple[int, int]]:
    """The same without overlaps, each at least a position long, as far as there is room."""
    apart: list[tuple[int, int]] = []
    earliest = 0
    for first, end in spans:
        first = max(first, earliest)
        earliest = max(end, first + 1)
        apart.append((first, earliest))
    latest = positions
    for number, (first, end) in reversed(list(enumerate(apart))):
        end = min(end, latest)
        latest = max(0, min(first, end - 1))
        apart[number] = latest, end
    return apart
