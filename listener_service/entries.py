"""PURE: from entries of the stream `results` to the lines of the log."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import cast

from contracts import codec
from contracts.messages import Error, Result
from contracts.names import PROBE_PREFIX
from listener_service import line
from listener_service.line import Line
from listener_service.place import Place


@dataclass(frozen=True)
class Entry:
    """`body` is None when the entry was trimmed from the stream before it was read; `n` is None
    when it has no number."""

    id: str
    body: bytes | None
    n: int | None = None


@dataclass(frozen=True)
class Item:
    """A line to write, the entry that it is of (None: it tells of the stream itself), and how far
    the stream is dealt with once it is written."""

    line: Line
    entry_id: str | None
    place: Place


def items(entries: Sequence[Entry], place: Place, known: Container[str]) -> tuple[list[Item], Place]:
    """The lines of entries, in their order, and the place behind them; `known` ids are in the log
    already, and so is what `place` holds, though the log may have been moved away since. Of numbers
    that are missing it says so: nothing between `place` and the last entry may still be in the stream."""
    found: list[Item] = []
    for entry in entries:
        missing = place.missing(entry.id, entry.n)
        if missing:
            place = Place(place.id, missing[-1])
            found.append(Item(line.lost(missing, entry.id), None, place))
        elif entry.n is not None and place.began_again(entry.id, entry.n):
            place = Place(place.id, entry.n - 1)
            found.append(Item(line.restarted(entry.n - 1, entry.id), None, place))
        dealt_with = entry.id in known or place.holds(entry.id, entry.n)
        place = place.after(entry.id, entry.n)
        event = _read(entry)
        if not dealt_with and not _is_probe(event):
            found.append(Item(_line(entry, event), entry.id, place))
    return found, place


def _read(entry: Entry) -> Result | Error | str:
    """The event of an entry, or why it is none."""
    if entry.body is None:
        return "the entry has no body: trimmed before it was read, or written by a stranger"
    try:
        return cast(Result | Error, codec.loads(entry.body, Result, Error))
    except codec.DecodeError as error:
        return f"not a result: {error}"


def _line(entry: Entry, event: Result | Error | str) -> Line:
    if isinstance(event, str):
        return line.unreadable(entry.id, event, entry.n)
    return line.of_event(entry.id, event, entry.n)


def _is_probe(event: Result | Error | str) -> bool:
    return not isinstance(event, str) and (event.session or "").startswith(PROBE_PREFIX)
