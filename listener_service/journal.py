"""The log together with all that is known from it: which entries are in it, how far the stream is
dealt with, the statistics. What is on disk is the truth; this only remembers it.

Guaranteed, for one log: no entry twice and none left out, whoever is killed, stopped for a while or
started a second time. Everything is done while no other process does it (a lock of the kernel on
the log's folder), and after others have written, their lines are read before anything is added; a
listener that was stopped in the middle holds the kernel's lock, and its successor waits for it.

Not guaranteed: with logs on different machines, a listener stopped between looking at the lock in
Redis and writing to its disk writes a batch that its successor has written into the other log. And
on a file system without flock (some network ones; the service log says so) the same can happen to
one log.
"""

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from listener_service import line
from listener_service.entries import Item
from listener_service.line import Line, NotALine
from listener_service.logfile import LogFile
from listener_service.past import is_newer
from listener_service.place import Place
from listener_service.report import Report
from listener_service.snapshot import Damaged, Snapshot, SnapshotFile

log = logging.getLogger(__name__)

REMEMBERED_IDS = 10_000
"""More than can be delivered again: one unacknowledged batch, and what Redis forgets in a crash."""
SAVE_SECONDS = 60


class Remembered:
    """The newest ids, a bounded number of them."""

    def __init__(self) -> None:
        self._order: deque[str] = deque()
        self._ids: set[str] = set()

    def add(self, entry_id: str) -> None:
        if entry_id in self._ids:
            return
        self._order.append(entry_id)
        self._ids.add(entry_id)
        if len(self._order) > REMEMBERED_IDS:
            self._ids.discard(self._order.popleft())

    def __contains__(self, entry_id: object) -> bool:
        return entry_id in self._ids


class Journal:
    """`show` puts a line on the console; it must not raise. `write`, `save`, `written` and `place` are
    for use inside `open`."""

    def __init__(self, file: LogFile, snapshots: SnapshotFile, report: Report, show: Callable[[str], None]) -> None:
        self.written = Remembered()
        self.place = Place()
        self._file = file
        self._snapshots = snapshots
        self._report = report
        self._show = show
        self._mark: str | None = None
        self._read = False
        self._saved: tuple[str | None, Place] | None = None
        self._saved_at = time.monotonic()
        self._savable = True

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """No other process writes meanwhile, and what others have written is known. Raises OSError."""
        with self._file.locked():
            if self._file.changed:
                self._catch_up()
            yield

    def write(self, items: Sequence[Item]) -> None:
        """All of them, each on disk and counted. Raises OSError; those before it are written then."""
        while items:
            texts = [str(item.line) for item in items]
            if self._file.is_full(texts[0]):
                self.save()  # first, as in _tell
            count = self._file.append(texts)
            for item, text in zip(items[:count], texts, strict=False):
                self._note(item.line, line.mark(text), item.place)
                self._report.add(item.line, time.time())
                self._show(text)
            items = items[count:]

    def due(self) -> None:
        """Statistics lines if it is time for them, and a snapshot if the last one is old."""
        if self._report.is_due(time.time()):
            self._tell(self._report.due)
        elif time.monotonic() > self._saved_at + SAVE_SECONDS and self._saved != (self._mark, self.place):
            with contextlib.suppress(OSError), self.open():  # the next write meets and tells the same
                self.save()

    def close(self) -> None:
        """Write the last statistics."""
        self._tell(self._report.final)
        self._file.close()

    def save(self) -> None:
        """Keep the statistics for the next process; where that fails it counts them from the log."""
        self._saved_at = time.monotonic()
        try:
            self._snapshots.write(Snapshot(self._mark, self.place, self._report.began, self._report.statistics))
            self._savable = True
            self._saved = self._mark, self.place
        except OSError as error:
            if self._savable:
                log.warning("snapshot of the statistics not written", extra={"error": error})
            self._savable = False

    def _tell(self, statistics: Callable[[float], list[Line]]) -> None:
        """To the console in any case, to the log if it can be written."""
        texts = None
        try:
            with self.open():
                self.save()  # first: a rotation may remove lines that no snapshot has counted
                texts = self._shown(statistics)
                while texts:
                    texts = texts[self._file.append(texts) :]
        except OSError as error:
            log.error("statistics not written to the result log", extra={"error": error})
            if texts is None:
                self._shown(statistics)

    def _shown(self, statistics: Callable[[float], list[Line]]) -> list[str]:
        texts = [str(one) for one in statistics(time.time())]
        for text in texts:
            self._show(text)
        return texts

    def _catch_up(self) -> None:
        """Read what is there and was not written here."""
        kept = self._kept()
        if kept and (not self._read or is_newer(kept.mark, self._mark)):
            self._report.restore(kept.statistics, kept.began)
            self._mark, self.place = kept.mark, kept.place
        texts = self._file.after(self._mark)
        if not self._read and not kept:
            self._report.began = _first_start(texts, self._report.began)
        for text in texts:
            self._count(text)
        for entry_id in self._file.recent_ids(REMEMBERED_IDS):
            self.written.add(entry_id)
        self._file.seen()
        if self._read:
            self.save()  # the log may have been moved to where nobody looks for it
        self._read = True

    def _kept(self) -> Snapshot | None:
        try:
            return self._snapshots.read()
        except (Damaged, OSError) as error:
            fields = {"path": self._snapshots.path, "error": error}
            log.warning("snapshot of the statistics cannot be used, counting the log instead", extra=fields)
            return None

    def _count(self, text: str) -> None:
        """Count a line that somebody else has written."""
        mark = line.mark(text)
        try:
            read = line.parse(text)
        except NotALine:
            return
        if mark is None:
            return
        name, _, entry_id = mark.partition("=")
        number = read.fields.get("n", "")
        n = int(number) if number.isdecimal() and len(number) < 19 else self.place.n
        self._note(read, mark, Place(entry_id if name == "id" else self.place.id, n))
        self._report.statistics.add(read, line.seconds(read.at))

    def _note(self, new: Line, mark: str | None, place: Place) -> None:
        if "id" in new.fields:
            self.written.add(new.fields["id"])
        self._mark = mark
        self.place = place


def _first_start(texts: Sequence[str], now: float) -> float:
    """When counting began, as statistics in the log say; without any the moment of its first line."""
    said: list[float] = []
    written: list[float] = []
    for text in texts:
        if not written or f" {line.STATISTICS} scope=all since=" in text:
            with contextlib.suppress(NotALine):
                read = line.parse(text)
                written.append(line.seconds(read.at))
                said.append(line.seconds(read.fields.get("since", "")))
    return min([moment for moment in said if moment] or [moment for moment in written[:1] if moment] or [now])
