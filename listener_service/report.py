"""PURE: when statistics lines are due, and their text. Times are unix seconds, given by the caller."""

from listener_service import line
from listener_service.line import Line
from listener_service.statistics import QUIET_SECONDS, Statistics, Tally

MOST_SESSIONS_SHOWN = 50


class Report:
    """Statistics each `interval` seconds (0: never) if anything came since the last ones. `began`
    is when counting began, which may be long before this process did."""

    def __init__(self, interval: float, now: float) -> None:
        self.statistics = Statistics()
        self.began = now
        self._interval = interval
        self._last = now
        self._news = False

    def restore(self, statistics: Statistics, began: float) -> None:
        """Go on from what an earlier process counted."""
        self.statistics = statistics
        self.began = began

    def add(self, new: Line, now: float) -> None:
        """Count a line that was written now."""
        self._news = True
        self.statistics.add(new, now)

    def is_due(self, now: float) -> bool:
        return bool(self._interval) and self._news and now >= self._last + self._interval

    def due(self, now: float) -> list[Line]:
        """The lines to write now: all, and each session that had an event since the last ones."""
        if not self.is_due(now):
            return []
        lines = self._lines(self._last, now)
        self._last = now
        self._news = False
        return lines

    def final(self, now: float) -> list[Line]:
        """The lines at exit: all, and each session of the last hour."""
        return self._lines(now - QUIET_SECONDS, now)

    def _lines(self, since: float, now: float) -> list[Line]:
        active = self.statistics.active(since)
        counts = {
            "scope": "all",
            "since": line.at(self.began),
            "sessions": str(self.statistics.sessions_seen),
            "active_sessions": str(len(active)),
        }
        lines = [_line(now, counts, self.statistics.all)]
        for session, tally in active[:MOST_SESSIONS_SHOWN]:
            lines.append(_line(now, {"scope": "session", "session": session}, tally))
        return lines


def _line(now: float, first: dict[str, str], tally: Tally) -> Line:
    return Line(line.at(now), line.STATISTICS, fields=first | tally.fields())
