"""PURE: running numbers over the lines of the log, of all sessions and of each, in bounded memory.

They count lines, not events, so that a log read back gives the same numbers. Sessions that were
quiet for an hour are forgotten (one that comes back counts again); percentiles come from a
histogram whose steps are 5 %, so they are right within 2.5 %.
"""

import math
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from contracts import words
from contracts.names import NEGATIVE, NEUTRAL, POSITIVE
from listener_service.line import ERROR, UNJUDGED, Line

QUIET_SECONDS = 3600.0
MOST_SESSIONS = 10_000
STEP = 1.05


class Histogram:
    """Counts of positive numbers in steps of 5 %: some 450 steps from 1 ms to 100 days."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, value: float) -> None:
        self._counts[round(math.log(max(value, 1.0), STEP))] += 1

    def percentile(self, share: float) -> float | None:
        """The value that `share` (0..1) of the numbers do not exceed, None without numbers."""
        rank = math.ceil(share * self._counts.total())
        for step in sorted(self._counts):
            rank -= self._counts[step]
            if rank <= 0:
                return float(STEP**step)
        return None

    def plain(self) -> dict[str, int]:
        return {str(step): count for step, count in sorted(self._counts.items())}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Histogram":
        histogram = cls()
        histogram._counts.update({int(step): int(count) for step, count in plain.items()})
        return histogram


class Tally:
    """The numbers of one session, or of all. `utterances` have words; those a filter emptied are
    `dropped` and in no share."""

    def __init__(self) -> None:
        self.utterances = self.dropped = self.errors = self.words = 0
        self.labels: Counter[str] = Counter()
        self.score_sum = 0.0
        self.latency = Histogram()

    def add(self, line: Line) -> None:
        if line.kind == ERROR:
            self.errors += 1
            return
        latency = line.fields.get("latency_ms", "")
        if latency.isdecimal():
            self.latency.add(float(latency))
        if "dropped" in line.fields or not line.text.strip():
            self.dropped += 1
            return
        self.utterances += 1
        self.words += words.count(line.text)
        self.labels[line.kind] += 1
        self.score_sum += line.score or 0.0

    def fields(self) -> dict[str, str]:
        """As `name=value` pairs of a statistics line; what has no value is left out."""
        judged = self.utterances - self.labels[UNJUDGED]
        found = {"utterances": str(self.utterances), "words": str(self.words)}
        for label in (POSITIVE, NEGATIVE, NEUTRAL, UNJUDGED):
            if self.utterances:
                found[label.lower()] = f"{100 * self.labels[label] / self.utterances:.1f}%"
        if judged:
            found["mean_score"] = f"{round(self.score_sum / judged, 3) + 0.0:+.3f}"
        for name, share in (("latency_p50_ms", 0.5), ("latency_p95_ms", 0.95)):
            value = self.latency.percentile(share)
            if value is not None:
                found[name] = f"{value:.0f}"
        return found | {"dropped": str(self.dropped), "errors": str(self.errors)}

    def plain(self) -> dict[str, Any]:
        """As data for JSON."""
        numbers = {name: getattr(self, name) for name in ("utterances", "dropped", "errors", "words", "score_sum")}
        return numbers | {"labels": dict(self.labels), "latency": self.latency.plain()}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Tally":
        """From `plain`. Raises TypeError, ValueError, KeyError or AttributeError for what is none."""
        tally = cls()
        tally.utterances, tally.dropped = int(plain["utterances"]), int(plain["dropped"])
        tally.errors, tally.words = int(plain["errors"]), int(plain["words"])
        tally.score_sum = float(plain["score_sum"])
        tally.labels.update({str(label): int(count) for label, count in plain["labels"].items()})
        tally.latency = Histogram.of(plain["latency"])
        return tally


class Statistics:
    """Times are unix seconds, given by the caller."""

    def __init__(self, most_sessions: int = MOST_SESSIONS) -> None:
        self.all = Tally()
        self.sessions_seen = 0
        self._most_sessions = most_sessions
        self._sessions: OrderedDict[str, tuple[float, Tally]] = OrderedDict()  # the quietest first

    def add(self, line: Line, now: float) -> None:
        self.all.add(line)
        session = line.fields.get("session")
        if session is not None:
            _, tally = self._sessions.pop(session, (0.0, None))
            if tally is None:
                tally = Tally()
                self.sessions_seen += 1
            tally.add(line)
            self._sessions[session] = (now, tally)
        self._forget(now)

    def active(self, since: float) -> list[tuple[str, Tally]]:
        """Sessions that had an event after `since`, the latest first."""
        return [(name, tally) for name, (heard, tally) in reversed(self._sessions.items()) if heard > since]

    def _forget(self, now: float) -> None:
        while self._sessions:
            heard, _ = next(iter(self._sessions.values()))
            if heard > now - QUIET_SECONDS and len(self._sessions) <= self._most_sessions:
                return
            self._sessions.popitem(last=False)

    def plain(self) -> dict[str, Any]:
        """As data for JSON."""
        sessions = [[name, heard, tally.plain()] for name, (heard, tally) in self._sessions.items()]
        return {"all": self.all.plain(), "sessions_seen": self.sessions_seen, "sessions": sessions}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Statistics":
        """From `plain`. Raises TypeError, ValueError, KeyError or AttributeError for what is none."""
        statistics = cls()
        statistics.all = Tally.of(plain["all"])
        statistics.sessions_seen = int(plain["sessions_seen"])
        for name, heard, tally in plain["sessions"][-MOST_SESSIONS:]:
            statistics._sessions[str(name)] = (float(heard), Tally.of(tally))
        return statistics
