"""The statistics on disk, beside the log: what was counted, and up to which line.

What a crash keeps from being saved is in the log behind that line, so nothing is counted twice or
not at all; and an older snapshot than there could be is as right as the newest.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from listener_service.place import Place, order
from listener_service.statistics import Statistics

VERSION = 1


class Damaged(ValueError):
    """The file is there, and is no snapshot; the message says why."""


@dataclass(frozen=True)
class Snapshot:
    """`mark` is that of the last line counted (None: none was), `began` unix seconds."""

    mark: str | None
    place: Place
    began: float
    statistics: Statistics

    def dumps(self) -> str:
        place = {"id": self.place.id, "n": self.place.n}
        head = {"version": VERSION, "mark": self.mark, "place": place, "began": self.began}
        return json.dumps(head | {"statistics": self.statistics.plain()}, ensure_ascii=False)


def loads(text: str) -> Snapshot:
    """What was written by `dumps`. Raises Damaged."""
    try:
        plain = json.loads(text)
        if plain["version"] != VERSION:
            raise Damaged(f"version {plain['version']!r:.20}, this program writes {VERSION}")
        mark, place = plain["mark"], Place(str(plain["place"]["id"]), plain["place"]["n"])
        if mark is not None:
            order(mark.partition("=")[2])
        order(place.id)
        if not isinstance(place.n, int | None):
            raise Damaged(f"n is {place.n!r:.20}")
        return Snapshot(mark, place, float(plain["began"]), Statistics.of(plain["statistics"]))
    except Damaged:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from None


class SnapshotFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Snapshot | None:
        """None when there is none. Raises Damaged and OSError."""
        try:
            return loads(self.path.read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            return None

    def write(self, snapshot: Snapshot) -> None:
        """On disk before it takes the place of the old one. Raises OSError, and then the old one is left."""
        new = self.path.with_name(f"{self.path.name}.new")
        with new.open("w", encoding="utf-8", errors="replace") as file:
            file.write(snapshot.dumps())
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
