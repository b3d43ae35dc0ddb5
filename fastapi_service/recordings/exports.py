"""PURE: a result as a file: JSON, plain text, SubRip and WebVTT subtitles, CSV.

The page writes the same text of a live conversation, and JSON whose fields have these names
(`web/js/exports.js`): keep the two alike.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from contracts import codec
from contracts.messages import Sentiment
from contracts.names import LABELS
from fastapi_service.recordings.cues import cues, milliseconds, plain
from fastapi_service.recordings.result import Segment, SpeechResult

COLUMNS = ("id", "start", "end", "language", "confidence", "label", "score", *map(str.lower, LABELS), "reason", "text")
"""Of the CSV form."""
LONGEST_NAME = 200
"""Bytes, without the ending: file systems take 255."""
_FORMULA = re.compile(r"[\s\0]*[=+\-@＝＋－＠\t\r]")
"""What a spreadsheet may take for the beginning of a formula."""
_NO_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f\\/:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+')
"""What no file name may hold on some system, and marks that make one look like another."""


@dataclass(frozen=True)
class Form:
    media_type: str
    write: Callable[[SpeechResult], str]


def as_json(result: SpeechResult) -> str:
    return codec.dumps(result) + "\n"


def as_text(result: SpeechResult, sentiment: bool = True) -> str:
    """One line per segment: `[0:07] Positive +0.92  The words.`"""
    if result.message:
        return f"({result.message})\n"
    lines = []
    for segment in _spoken(result):
        mood = f"{_mood(segment.sentiment)}  " if sentiment else ""
        lines.append(f"[{_clock(segment.start)}] {mood}{plain(segment.text)}\n")
    return "".join(lines)


def as_srt(result: SpeechResult) -> str:
    """SubRip has no way to escape anything: an arrow that would look like a time line becomes another one."""
    blocks = []
    for number, cue in enumerate(cues(_spoken(result)), 1):
        text = "\n".join(line.replace("-->", "→") for line in cue.lines)
        blocks.append(f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{text}\n")
    return "\n".join(blocks)


def as_vtt(result: SpeechResult) -> str:
    blocks = ["WEBVTT\n"]
    if result.message:
        blocks.append(f"NOTE {result.message}\n")
    for cue in cues(_spoken(result)):
        text = "\n".join(_escaped(line) for line in cue.lines)
        blocks.append(f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def as_csv(result: SpeechResult) -> str:
    """RFC 4180, a header line first; times in seconds."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    rows.writerows(_row(segment) for segment in _spoken(result))
    return written.getvalue()


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "json": Form("application/json", as_json),
        "txt": Form("text/plain; charset=utf-8", as_text),
        "srt": Form("application/x-subrip; charset=utf-8", as_srt),
        "vtt": Form("text/vtt; charset=utf-8", as_vtt),
        "csv": Form("text/csv; charset=utf-8; header=present", as_csv),
    }
)
"""By the name that `?format=` has and a file ends with."""


def export(result: SpeechResult, form: str) -> bytes:
    """`form` is one of FORMS. UTF-8, without a mark of that at the beginning."""
    return FORMS[form].write(result).encode("utf-8", "replace")


def disposition(name: str, form: str) -> str:
    """Content-Disposition for a file called after the recording `name`: RFC 6266, with the UTF-8 name
    beside an ASCII one. A program reads JSON where it is; what else there is becomes a file."""
    kind = "inline" if form == "json" else "attachment"
    called = f"{file_stem(name)}.{form}"
    if called.isascii():
        return f'{kind}; filename="{called}"'
    ascii_name = "".join(c if c.isascii() else "_" for c in called)
    return f"{kind}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(called, safe='')}"


def file_stem(name: str) -> str:
    """A name that every file system takes: no path, no ending, at most LONGEST_NAME bytes."""
    last = re.split(r"[\\/]", name)[-1]
    stem = re.sub(r"(?<=.)\.[A-Za-z0-9]{1,5}$", "", last)
    short = _NO_NAME.sub("_", stem).encode()[:LONGEST_NAME].decode("utf-8", "ignore")
    return short.strip(" .") or "recording"


def _spoken(result: SpeechResult) -> list[Segment]:
    return [segment for segment in result.segments if plain(segment.text)]


def _row(segment: Segment) -> list[object]:
    judged = segment.sentiment
    return [
        segment.id,
        milliseconds(segment.start) / 1000,
        milliseconds(segment.end) / 1000,
        _cell(segment.language or ""),
        _number(segment.confidence),
        judged.label or "",
        _number(judged.score),
        *(_number(judged.scores.get(label)) for label in LABELS),
        _cell(judged.reason or ""),
        _cell(plain(segment.text)),
    ]


def _cell(text: str) -> str:
    """With an apostrophe before what a spreadsheet would work out instead of showing it."""
    return f"'{text}" if _FORMULA.match(text) else text


def _number(value: float | None) -> float | str:
    return "" if value is None else value


def _time(ms: int, point: str) -> str:
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def _clock(seconds: float) -> str:
    """0:07, 12:40, 1:02:03."""
    whole = milliseconds(seconds) // 1000
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _mood(sentiment: Sentiment) -> str:
    if sentiment.label is None:
        return "Not judged"
    shown = f"{abs(sentiment.score or 0):.2f}"
    sign = "" if shown == "0.00" else "+" if (sentiment.score or 0) > 0 else "\u2212"
    return f"{sentiment.label.capitalize()} {sign}{shown}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
