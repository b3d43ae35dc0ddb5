"""PURE: the format of `result_listener.log`: one event is one line, for people and for programs.

    2026-01-31T09:00:00.123Z POSITIVE +0.981 "I love this" language=en start=1.200 end=2.750
        confidence=0.82 latency_ms=412 session=Zk3… utterance=3 model=base … n=17 id=1700000000000-0

(one line in the file). The parts are separated by one space, in this order:

1. when the result was committed, UTC (from the stream id, so it rises down the file);
2. POSITIVE, NEGATIVE, NEUTRAL, UNJUDGED (no sentiment; `reason=` says why), ERROR, or STATISTICS;
3. p(positive) - p(negative) with its sign, or `-`; absent from STATISTICS;
4. in double quotes, what was said; of an ERROR, what went wrong; absent from STATISTICS;
5. `name=value` any number of times; a value with a space, a quote or a `=` is in double quotes. An
   unknown value leaves its name out. `dropped=no_speech` says why a text is empty. `n` counts the
   results without gaps (readiness probes take a number and have no line); `id`, always last, is the
   entry in the stream `results`. No two lines have the same `id`.

An ERROR line that ends in `before=` instead of `id=` tells of the stream itself, ahead of the entry
that it names: `code=results_lost` (`count` of them, numbers `first` to `n`, were removed before they
were read) or `code=results_restarted` (their counter went back; the next one is number `n` + 1).

What is in double quotes is a JSON string; control, line-break and text-direction characters in it
are always escaped, so that no speech can begin a line, forge a field or steer a terminal. A line
that ends in ` (torn)` was cut off there by a crash; its event follows whole.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts.messages import Error, Result

UNJUDGED = "UNJUDGED"
ERROR = "ERROR"
STATISTICS = "STATISTICS"

TORN = " (torn)"
"""What ends a line that a crash has cut off."""

LOST, RESTARTED = "results_lost", "results_restarted"

_UNSAFE = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_PART = re.compile(r'(?:([A-Za-z_]\w*)=)?("(?:[^"\\]|\\.)*"|[^\s"=]+)(?: |\Z)')
_BARE = re.compile(r"[!#-<>-~]+")
_MARK = re.compile(r" ((?:id|before)=\d{1,20}-\d{1,20})\n?\Z")


class NotALine(ValueError):
    """The text is not a line of this format; the message says from where on."""


@dataclass(frozen=True)
class Line:
    """A line in parts; `score` is rounded to three digits, `fields` are texts as written."""

    at: str
    kind: str
    score: float | None = None
    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [self.at, self.kind]
        if self.kind != STATISTICS:
            parts += ["-" if self.score is None else f"{self.score:+.3f}", quoted(self.text)]
        parts += [f"{name}={_value(value)}" for name, value in self.fields.items()]
        return " ".join(parts)


def parse(text: str) -> Line:
    """The Line that was written as `text` (with or without its newline). Raises NotALine."""
    bare: list[str] = []
    fields: dict[str, str] = {}
    body, position = text.removesuffix("\n"), 0
    if body.endswith(TORN):
        raise NotALine("a crash has cut this line off")
    while position < len(body):
        match = _PART.match(body, position)
        if not match or (fields and not match[1]):
            raise NotALine(f"not a part of a line at column {position + 1}: {body[position : position + 30]!r}")
        value = _unquoted(match[2])
        if match[1]:
            fields[match[1]] = value
        else:
            bare.append(value)
        position = match.end()
    if len(bare) != (2 if bare[1:2] == [STATISTICS] else 4):
        raise NotALine(f"a line begins with time, kind, score and text; this has {len(bare)} parts before its fields")
    if len(bare) == 2:
        return Line(bare[0], STATISTICS, fields=fields)
    at, kind, score, said = bare
    return Line(at, kind, None if score == "-" else _number(score), said, fields)


def mark(text: str) -> str | None:
    """`id=…` or `before=…` at the end of a line: no two lines have the same. None: it has neither."""
    found = _MARK.search(text)
    return found[1] if found else None


def of_event(entry_id: str, event: Result | Error, n: int | None = None) -> Line:
    """The line of a result or an error that came as number `n`, stream entry `entry_id`."""
    last = _known(n=n) | {"id": entry_id}
    if isinstance(event, Error):
        fields = {"code": event.code, "stage": event.stage, "retryable": str(event.retryable).lower()}
        fields |= _known(session=event.session, utterance=event.utterance, trace=event.trace)
        return Line(moment(entry_id), ERROR, None, event.message, fields | last)
    sentiment = event.sentiment
    fields = _known(
        language=event.language,
        start=f"{event.start:.3f}",
        end=f"{event.end:.3f}",
        confidence=None if event.confidence is None else f"{event.confidence:.2f}",
        latency_ms=None if event.timings.total_ms is None else f"{event.timings.total_ms:.0f}",
        dropped=event.dropped,
        reason=sentiment.reason,
        session=event.session,
        utterance=event.utterance,
        task=event.task,
        model=event.model,
        sentiment_model=sentiment.model,
        trace=event.trace,
    )
    score = None if sentiment.score is None else round(sentiment.score, 3) + 0.0  # + 0.0: never -0.000
    return Line(moment(entry_id), sentiment.label or UNJUDGED, score, event.text, fields | last)


def unreadable(entry_id: str, reason: str, n: int | None = None) -> Line:
    """The line of a stream entry that is no event."""
    fields = {"code": "unreadable_entry", "stage": "listener"} | _known(n=n) | {"id": entry_id}
    return Line(moment(entry_id), ERROR, None, reason, fields)


def lost(numbers: range, before: str) -> Line:
    """Results with these numbers were removed from the stream before they were read."""
    text = "results are missing here: they were removed from the stream before they were read"
    count, first, last = str(len(numbers)), str(numbers[0]), str(numbers[-1])
    fields = {"code": LOST, "stage": "listener", "count": count, "first": first, "n": last, "before": before}
    return Line(moment(before), ERROR, None, text, fields)


def restarted(n: int, before: str) -> Line:
    """The counter of the results has gone back; entry `before` is number `n` + 1."""
    text = "the numbers of the results began again: Redis was emptied or set back, what nobody had read by then is lost"
    fields = {"code": RESTARTED, "stage": "listener", "n": str(n), "before": before}
    return Line(moment(before), ERROR, None, text, fields)


def moment(entry_id: str) -> str:
    """`1700000000000-0` -> `2023-11-14T22:13:20.000Z`. An id that somebody made up may be no time."""
    try:
        return at(int(entry_id.split("-")[0]) / 1000)
    except (ValueError, OverflowError, OSError):
        return at(0)


def at(unix_seconds: float) -> str:
    text = datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def seconds(at: str) -> float:
    """Unix seconds of a line's `at`; 0 if it is no time."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0


def quoted(text: str) -> str:
    """A JSON string in which nothing can act on a terminal or a line reader."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise NotALine(f"not a JSON string: {text[:30]!r}: {error}") from None


def _value(value: str) -> str:
    return value if _BARE.fullmatch(value) else quoted(value)


def _known(**values: object) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value not in (None, "")}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotALine(f"the score is {text!r:.30}, not a number or -") from None
