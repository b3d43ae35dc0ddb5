"""PURE: when statistics lines are due, and their text. Times are unix seconds, given by the caller."""

from contracts.messages import Error, Result
from listener_service import line
from listener_service.statistics import QUIET_SECONDS, Statistics, Tally

MOST_SESSIONS_SHOWN = 50


class Report:
    """Statistics each `interval` seconds (0: never) if anything came since the last ones."""

    def __init__(self, interval: float, now: float) -> None:
        self._statistics = Statistics()
        self._interval = interval
        self._began = now
        self._last = now
        self._news = False

    def add(self, event: Result | Error | None, now: float) -> None:
        """Count an event; None is an entry that could not be read."""
        self._news = True
        if event is None:
            self._statistics.all.errors += 1
        else:
            self._statistics.add(event, now)

    def due(self, now: float) -> list[line.Line]:
        """The lines to write now: all, and each session that had an event since the last ones."""
        if not self._interval or not self._news or now < self._last + self._interval:
            return []
        lines = self._lines(self._last, now)
        self._last = now
        self._news = False
        return lines

    def final(self, now: float) -> list[line.Line]:
        """The lines at exit: all, and each session of the last hour."""
        return self._lines(now - QUIET_SECONDS, now)

    def _lines(self, since: float, now: float) -> list[line.Line]:
        active = self._statistics.active(since)
        counts = {
            "scope": "all",
            "since": line.at(self._began),
            "sessions": str(self._statistics.sessions_seen),
            "active_sessions": str(len(active)),
        }
        lines = [_line(now, counts, self._statistics.all)]
        for session, tally in active[:MOST_SESSIONS_SHOWN]:
            lines.append(_line(now, {"scope": "session", "session": session}, tally))
        return lines


def _line(now: float, first: dict[str, str], tally: Tally) -> line.Line:
    return line.Line(line.at(now), line.STATISTICS, fields=first | tally.fields())
