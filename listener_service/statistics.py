"""PURE: running numbers over results, of all sessions and of each, in bounded memory.

Sessions that were quiet for an hour are forgotten (one that comes back counts again); percentiles
come from a histogram whose steps are 5 %, so they are right within 2.5 %.
"""

import math
import re
from collections import Counter, OrderedDict

from contracts.messages import Error, Result
from contracts.names import NEGATIVE, NEUTRAL, POSITIVE

QUIET_SECONDS = 3600.0
MOST_SESSIONS = 10_000
STEP = 1.05

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:['’][^\W_]+)*")


def words(text: str) -> int:
    """Words as people count them; each Chinese or Japanese character is one, Korean goes by spaces."""
    spaced = re.sub(r"([\u3040-\u30ff\u3400-\u9fff])", r" \1 ", text)
    return sum(1 for part in spaced.split() if _WORD.search(part))


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


class Tally:
    """The numbers of one session, or of all. `utterances` have words; those a filter emptied are
    `dropped` and in no share."""

    def __init__(self) -> None:
        self.utterances = self.dropped = self.errors = self.words = 0
        self.labels: Counter[str | None] = Counter()
        self.score_sum = 0.0
        self.latency = Histogram()

    def add(self, event: Result | Error) -> None:
        if isinstance(event, Error):
            self.errors += 1
            return
        if event.timings.total_ms is not None:
            self.latency.add(event.timings.total_ms)
        if event.dropped or not event.text.strip():
            self.dropped += 1
            return
        self.utterances += 1
        self.words += words(event.text)
        self.labels[event.sentiment.label] += 1
        self.score_sum += event.sentiment.score or 0.0

    def fields(self) -> dict[str, str]:
        """As `name=value` pairs of a statistics line; what has no value is left out."""
        judged = self.utterances - self.labels[None]
        found = {"utterances": str(self.utterances), "words": str(self.words)}
        for name, label in (("positive", POSITIVE), ("negative", NEGATIVE), ("neutral", NEUTRAL), ("unjudged", None)):
            if self.utterances:
                found[name] = f"{100 * self.labels[label] / self.utterances:.1f}%"
        if judged:
            found["mean_score"] = f"{round(self.score_sum / judged, 3) + 0.0:+.3f}"
        for name, share in (("latency_p50_ms", 0.5), ("latency_p95_ms", 0.95)):
            value = self.latency.percentile(share)
            if value is not None:
                found[name] = f"{value:.0f}"
        return found | {"dropped": str(self.dropped), "errors": str(self.errors)}


class Statistics:
    """Times are unix seconds, given by the caller."""

    def __init__(self, most_sessions: int = MOST_SESSIONS) -> None:
        self.all = Tally()
        self.sessions_seen = 0
        self._most_sessions = most_sessions
        self._sessions: OrderedDict[str, tuple[float, Tally]] = OrderedDict()  # the quietest first

    def add(self, event: Result | Error, now: float) -> None:
        self.all.add(event)
        if event.session is not None:
            _, tally = self._sessions.pop(event.session, (0.0, None))
            if tally is None:
                tally = Tally()
                self.sessions_seen += 1
            tally.add(event)
            self._sessions[event.session] = (now, tally)
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
