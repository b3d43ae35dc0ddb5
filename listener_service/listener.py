"""From stream entries to lines: each on disk exactly once, then acknowledged, never the other way.

What cannot be written stays unacknowledged in Redis, so a full disk or a killed listener loses
nothing. Any number of listeners may run: one of them writes, the others stand by, and when it ends,
dies or cannot write, another takes over (`leader.py`). What is guaranteed then: `journal.py`.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence

import redis

from listener_service import entries
from listener_service.condition import AWAY, STUCK, UNREADABLE, Condition
from listener_service.entries import Entry
from listener_service.journal import Journal
from listener_service.leader import Leader, NotLeading
from listener_service.place import Place
from listener_service.results import Results

log = logging.getLogger(__name__)

STAND_BY_SECONDS = 1.0
TIDY_SECONDS = 10.0


class Listener:
    def __init__(
        self, results: Results, leader: Leader, journal: Journal, condition: Condition, stop: threading.Event
    ) -> None:
        self._results = results
        self._leader = leader
        self._journal = journal
        self._condition = condition
        self._stop = stop
        self._leading = False
        self._has_led = False
        self._standing_by: str | None = None
        self._tidy_at = 0.0

    def run(self) -> None:
        """Until stopped; then the last statistics are written."""
        while not self._stop.is_set():
            self._turn()
            if self._leading:
                self._journal.due()
        if self._has_led:
            self._journal.close()
            self._resign()

    def _turn(self) -> None:
        try:
            if self._leading or self._lead():
                self._step()
            self._condition.worked(AWAY)
            standing_by = f"stands by: {self._standing_by} writes the log" if self._standing_by else None
            self._condition.round(standing_by)
        except NotLeading:
            self._leading = False
        except redis.RedisError as error:
            self._results.rewind()
            self._recover(error)
        except OSError as error:
            trouble = STUCK if self._leading else UNREADABLE
            self._leading = False
            self._resign()  # to one that may be able to write
            self._condition.failed(trouble, error)

    def _lead(self) -> bool:
        """Become the one that writes, or wait a little for the next try."""
        holder = self._leader.lead()
        if holder:
            if holder != self._standing_by:
                log.info("another listener writes, standing by", extra={"listener": holder})
            self._standing_by = holder
            self._stop.wait(STAND_BY_SECONDS)
            return False
        if self._standing_by:
            log.warning("taking over from another listener", extra={"listener": self._standing_by})
        self._standing_by = None
        with self._journal.open():
            pass
        self._condition.worked(UNREADABLE)
        self._results.rewind()
        if not self._has_led:
            log.info("this listener writes the log")
        self._leading = self._has_led = True
        return True

    def _step(self) -> None:
        taken = self._results.take()
        if taken:
            with self._journal.open():
                self._leader.hold()
                self._write(self._completed(taken))
        if time.monotonic() > self._tidy_at:
            self._results.tidy()
            self._tidy_at = time.monotonic() + TIDY_SECONDS

    def _completed(self, taken: list[Entry]) -> list[Entry]:
        """What was taken, after what the stream has before it that never came: somebody may have
        moved the group on, or read as another consumer of it. Then the rest comes again."""
        place = self._journal.place
        for index, entry in enumerate(taken):
            if place.missing(entry.id, entry.n):
                found = self._results.between(place.id, entry.id)
                if found:
                    self._results.rewind()
                    return taken[:index] + found
            place = place.after(entry.id, entry.n)
        return taken

    def _write(self, batch: Sequence[Entry]) -> None:
        items, place = entries.items(batch, self._journal.place, self._journal.written)
        for item in items:
            if item.entry_id is None:
                log.error(item.line.text, extra=dict(item.line.fields))
        self._journal.write(items)
        self._journal.place = place
        if items:
            self._condition.worked(STUCK)
        self._results.acknowledge([entry.id for entry in batch])

    def _recover(self, error: "redis.RedisError") -> None:
        if "NOGROUP" not in str(error):
            self._condition.failed(AWAY, error)
            return
        place = self._journal.place
        log.info("the consumer group is not there, making it", extra={"after": place.id})
        try:
            if self._results.join(place.id) == "0":
                self._journal.place = Place(n=place.n)  # the stream is another one
        except redis.RedisError as failure:
            self._condition.failed(AWAY, failure)

    def _resign(self) -> None:
        with contextlib.suppress(redis.RedisError):  # then it runs out by itself
            self._leader.resign()
