"""From stream entries to lines: each on disk exactly once, then acknowledged, never the other way.

What cannot be written stays unacknowledged in Redis, so a full disk or a killed listener loses
nothing. A repeated delivery is recognised by the ids of the lines already in the log.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import cast

import redis

from contracts import codec
from contracts.messages import Error, Result
from contracts.names import PROBE_PREFIX
from listener_service import line
from listener_service.logfile import LogFile
from listener_service.outage import Outage
from listener_service.report import Report
from listener_service.results import Entry, Results

log = logging.getLogger(__name__)

REMEMBERED_IDS = 10_000
"""More than can be delivered again: one unacknowledged batch, and what Redis forgets in a crash."""


class Remembered:
    """The newest ids, a bounded number of them."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._order: deque[str] = deque()
        self._ids: set[str] = set()
        for entry_id in ids:
            self.add(entry_id)

    def add(self, entry_id: str) -> None:
        self._order.append(entry_id)
        self._ids.add(entry_id)
        if len(self._order) > REMEMBERED_IDS:
            self._ids.discard(self._order.popleft())

    def __contains__(self, entry_id: str) -> bool:
        return entry_id in self._ids

    @property
    def last(self) -> str | None:
        return self._order[-1] if self._order else None


class Listener:
    """`show` puts a line on the console; it must not raise."""

    def __init__(
        self, results: Results, file: LogFile, report: Report, show: Callable[[str], None], stop: threading.Event
    ) -> None:
        self._results = results
        self._file = file
        self._report = report
        self._show = show
        self._stop = stop
        self._written = Remembered()
        self._away = Outage(stop, "no results: Redis does not answer, trying again", "Redis answers again")
        self._stuck = Outage(
            stop,
            "the result log cannot be written: free space on its disk or mend its directory; "
            "nothing is lost, results wait in Redis",
            "the result log can be written again",
        )

    def run(self) -> None:
        """Until stopped; then the last statistics are written."""
        self._recall()
        while not self._stop.is_set():
            try:
                self._step()
                self._away.worked()
            except redis.RedisError as error:
                self._results.rewind()
                self._recover(error)
            self._tell(self._report.due(time.time()))
        self._tell(self._report.final(time.time()))
        self._file.close()

    def _recall(self) -> None:
        while not self._stop.is_set():
            try:
                self._written = Remembered(self._file.recent_ids(REMEMBERED_IDS))
                self._stuck.worked()
                return
            except OSError as error:
                self._stuck.failed(error=error)

    def _step(self) -> None:
        entries = self._results.take()
        known = [entry.id for entry in entries if entry.id in self._written]
        if known:
            self._results.acknowledge(known)
        events = [(entry.id, _read(entry)) for entry in entries if entry.id not in self._written]
        self._write([(entry_id, event) for entry_id, event in events if not _is_probe(event)])
        probes = [entry_id for entry_id, event in events if _is_probe(event)]
        if probes:
            self._results.acknowledge(probes)

    def _write(self, events: list[tuple[str, Result | Error | line.Line]]) -> None:
        lines = [str(_line(entry_id, event)) for entry_id, event in events]
        while events and not self._stop.is_set():
            try:
                count = self._file.append(lines)
            except OSError as error:
                self._stuck.failed(error=error)
                continue
            self._stuck.worked()
            done, events = events[:count], events[count:]
            for (entry_id, event), text in zip(done, lines, strict=False):
                self._written.add(entry_id)
                self._show(text)
                self._report.add(event if isinstance(event, Result | Error) else None, time.time())
            lines = lines[count:]
            self._results.acknowledge([entry_id for entry_id, _ in done])

    def _recover(self, error: "redis.RedisError") -> None:
        if not str(error).startswith("NOGROUP"):
            self._away.failed(error=error)
            return
        log.info("the consumer group is not there, making it", extra={"after": self._written.last})
        try:
            self._results.join(self._written.last)
        except redis.RedisError as failure:
            self._away.failed(error=failure)

    def _tell(self, lines: list[line.Line]) -> None:
        """Statistics go to the console in any case, to the file if it can be written."""
        texts = [str(one) for one in lines]
        for text in texts:
            self._show(text)
        try:
            while texts:
                texts = texts[self._file.append(texts) :]
        except OSError as error:
            log.error("statistics not written to the result log", extra={"error": error})


def _read(entry: Entry) -> Result | Error | line.Line:
    if entry.body is None:
        return line.unreadable(entry.id, "the entry has no body: trimmed before it was read, or written by a stranger")
    try:
        return cast(Result | Error, codec.loads(entry.body, Result, Error))
    except codec.DecodeError as error:
        return line.unreadable(entry.id, f"not a result: {error}")


def _line(entry_id: str, event: Result | Error | line.Line) -> line.Line:
    return event if isinstance(event, line.Line) else line.of_event(entry_id, event)


def _is_probe(event: Result | Error | line.Line) -> bool:
    return isinstance(event, Result | Error) and (event.session or "").startswith(PROBE_PREFIX)
