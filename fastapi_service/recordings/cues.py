"""PURE: segments as subtitle cues of readable size, in whole milliseconds.

Where a segment has word times a cue begins and ends with its words; else its time is shared out
among its characters.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts.messages import Word
from fastapi_service.recordings.result import Segment

LINE = 42
"""Columns of a line, wide (Chinese, Japanese, Korean) characters counting two: what broadcasters use."""
LINES = 2
PAUSE_SECONDS = 1.0
"""Between two words with times: the second begins another cue."""
LONGEST_SECONDS = 7.0
COMMAS, COMMA_GAIN = ",;:，、；：", 6
"""Behind such a mark a line may end that is so many columns longer."""
SHORTEST_MS = 800
"""Shown so long where nothing follows sooner, so that it can be read."""

_SOLID = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f"
_CLOSING = r"、。，．！？：；」』）】》〉”’…・ー々"
_TOKEN = re.compile(rf"[{_SOLID}][{_CLOSING}]*|[^\s{_SOLID}]+")
"""What stays together: a word, or one Chinese or Japanese character and the marks behind it."""
_SENTENCE_END = re.compile(r"""[.!?…。！？]["'”’」』)]*$""")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True)
class Cue:
    """`start` and `end` in whole milliseconds, start < end; `lines` hold no line break and none is empty."""

    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Token:
    """`spaced`: a space stands before it; `width` in columns; `last`: a sentence ends with it."""

    text: str
    spaced: bool
    start: float
    end: float
    width: int
    last: bool


class _Room:
    """The lines of a cue as they fill up; `most` columns in all."""

    def __init__(self, most: int) -> None:
        self.columns = 0
        self._most = most
        self._lines = [0]

    def take(self, token: _Token) -> bool:
        """Whether it had room. The first one always has."""
        columns = self.columns + token.width + (token.spaced and self.columns > 0)
        line = self._lines[-1] + columns - self.columns
        if self.columns and columns > self._most or line > LINE and len(self._lines) == LINES:
            return False
        if line > LINE:
            self._lines.append(token.width)
        else:
            self._lines[-1] = line
        self.columns = columns
        return True


def cues(segments: Iterable[Segment]) -> list[Cue]:
    """In order of time; none begins before the one before it has ended."""
    found: list[Cue] = []
    for segment in segments:
        tokens = list(_tokens(segment))
        for group in _groups(tokens, timed=segment.words is not None):
            start, end = milliseconds(group[0].start), milliseconds(group[-1].end)
            found.append(Cue(start, end, _lines(group)))
    return _in_line(sorted(found, key=lambda cue: cue.start))


def milliseconds(seconds: float) -> int:
    """Whole ones, before anything is made of them: 59.9996 s is a minute, not 59 s and 1000 ms."""
    return max(0, round(seconds * 1000))


def plain(text: str) -> str:
    """Without control characters, and with single spaces instead of any other white space."""
    return " ".join(_CONTROL.sub("", text).split())


def columns(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _in_line(found: Sequence[Cue]) -> list[Cue]:
    """Each begins at least 1 ms after the one before it and ends when the next begins, at the latest."""
    starts: list[int] = []
    for cue in found:
        starts.append(max(cue.start, starts[-1] + 1) if starts else cue.start)
    placed = []
    for cue, start, following in itertools.zip_longest(found, starts, starts[1:]):
        end = max(cue.end, start + SHORTEST_MS)
        placed.append(Cue(start, end if following is None else min(end, following), cue.lines))
    return placed


def _tokens(segment: Segment) -> Iterator[_Token]:
    """The text in pieces with their times. A piece longer than a line is cut."""
    text = plain(segment.text)
    times = _times(text, segment)
    passed = 0
    for found in _TOKEN.finditer(text):
        for number, piece in enumerate(_cut(found[0])):
            spaced = number == 0 and found.start() > 0 and text[found.start() - 1] == " "
            begin, passed = passed, passed + len(piece)
            last = bool(_SENTENCE_END.search(piece))
            yield _Token(piece, spaced, times[begin][0], times[passed - 1][1], columns(piece), last)


def _times(text: str, segment: Segment) -> list[tuple[float, float]]:
    """When each character other than a space begins and ends. Word times count only if the words are
    those of the text: a text that was shortened has others."""
    letters = text.replace(" ", "")
    spoken = [Word("".join(plain(word.word).split()), word.start, word.end, 1.0) for word in segment.words or []]
    if "".join(word.word for word in spoken) != letters:
        spoken = [Word(letters, segment.start, segment.end, 1.0)]
    times, latest = [], 0.0
    for word in spoken:
        begin = latest = max(latest, word.start)
        step = max(word.end - begin, 0.0) / max(len(word.word), 1)
        for number in range(len(word.word)):
            latest = begin + (number + 1) * step
            times.append((begin + number * step, latest))
    return times


def _cut(word: str) -> Iterator[str]:
    """Pieces of at most a line; a mark stays with the character that it is set on."""
    if columns(word) <= LINE:
        yield word
        return
    piece, width = "", 0
    for character in word:
        if width + _width(character) > LINE:
            yield piece
            piece, width = "", 0
        piece += character
        width += _width(character)
    yield piece


def _groups(tokens: Sequence[_Token], timed: bool) -> Iterator[list[_Token]]:
    """The tokens of each cue: as few cues as possible for a sentence, and those about equally full, so
    that no single word is left over for the last."""
    for stretch in _stretches(tokens, timed):
        found = _filled(stretch, LINE * LINES, timed)
        low, high = LINE // 2, LINE * LINES
        while len(found) > 1 and low < high:
            middle = (low + high) // 2
            fuller = _filled(stretch, middle, timed)
            if len(fuller) > len(found):
                low = middle + 1
            else:
                found, high = fuller, middle
        yield from found


def _stretches(tokens: Sequence[_Token], timed: bool) -> Iterator[list[_Token]]:
    """Cut behind sentences, though not behind each small one, and at pauses."""
    stretch: list[_Token] = []
    width = 0
    for token in tokens:
        sentence = stretch and stretch[-1].last and width > LINE // 2
        pause = timed and stretch and token.start - stretch[-1].end > PAUSE_SECONDS
        if sentence or pause:
            yield stretch
            stretch, width = [], 0
        stretch.append(token)
        width += token.width + token.spaced
    yield stretch


def _filled(tokens: Sequence[_Token], most: int, timed: bool) -> list[list[_Token]]:
    groups: list[list[_Token]] = []
    room = _Room(most)
    for token in tokens:
        too_long = timed and groups and token.end - groups[-1][0].start > LONGEST_SECONDS
        if groups and not too_long and room.take(token):
            groups[-1].append(token)
            continue
        groups.append([token])
        room = _Room(most)
        room.take(token)
    return groups


def _lines(group: Sequence[_Token]) -> tuple[str, ...]:
    """One line where it fits, else two that are about equally long, the first one rather with a comma."""
    ends = list(itertools.accumulate(token.width + token.spaced for token in group))
    if ends[-1] - group[0].spaced <= LINE:
        return (_text(group),)

    def cost(place: int) -> int:
        left, right = ends[place - 1] - group[0].spaced, ends[-1] - ends[place - 1] - group[place].spaced
        longer = max(left, right)
        return longer - COMMA_GAIN if longer <= LINE and group[place - 1].text[-1] in COMMAS else longer

    place = min(range(1, len(group)), key=cost)
    return _text(group[:place]), _text(group[place:])


def _text(group: Sequence[_Token]) -> str:
    return "".join(f" {token.text}" if token.spaced else token.text for token in group).strip()
