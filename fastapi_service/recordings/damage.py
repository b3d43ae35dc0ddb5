"""PURE: how much of a recording could be decoded, and what is said about the rest."""

from fastapi_service.recordings import refusal
from fastapi_service.recordings.refusal import BadRecording, Note
from fastapi_service.recordings.rules import DecodeRules


class _Places:
    """How many there are, and the first one's second."""

    def __init__(self) -> None:
        self.count = 0
        self.first = 0.0

    def add(self, second: float) -> None:
        self.count += 1
        self.first = second if self.count == 1 else self.first


class Damage:
    """Told of every packet in order."""

    def __init__(self, rules: DecodeRules) -> None:
        self._rules = rules
        self._good = 0
        self._bad = 0
        self._damaged = _Places()
        self._gaps = _Places()
        self._in_bad = False
        self._cut = False

    def decoded(self, whole: bool) -> None:
        """A packet became sound; not `whole`: the file ended within it."""
        self._good += 1
        self._in_bad = False
        self._cut = not whole

    def failed(self, second: float) -> None:
        """What follows `second` could not be decoded."""
        self._bad += 1
        if not self._in_bad:
            self._damaged.add(second)
        self._in_bad = self._cut = True

    def missing(self, second: float) -> None:
        """There is no sound from `second` on. At the beginning that is how a video may be."""
        if second > 0:
            self._gaps.add(second)

    def cut_off(self) -> None:
        """The file ended within something."""
        self._cut = True

    def judge(self, end: float, promised: float | None) -> list[Note]:
        """The sound ended at `end` seconds, and should have at `promised` if that is known. Raises
        BadRecording if it was nothing, or not the recording's."""
        if not self._good:
            raise BadRecording(refusal.CORRUPT if self._bad or promised else refusal.NO_SAMPLES)
        if self._good < self._rules.good_share * (self._good + self._bad):
            raise BadRecording(refusal.CORRUPT)
        truncated = self._truncated(end, promised)
        damaged = self._damaged.count - (truncated and self._in_bad)  # how it ends is told by `truncated`
        notes = [refusal.damaged(self._damaged.first, damaged)] if damaged else []
        notes += [refusal.gap(self._gaps.first, self._gaps.count)] if self._gaps.count else []
        return notes + ([refusal.truncated(end, promised)] if truncated else [])

    def _truncated(self, end: float, promised: float | None) -> bool:
        if promised is None:
            return self._cut
        return promised - end > (self._rules.promise_broken if self._cut else self._rules.promise)
