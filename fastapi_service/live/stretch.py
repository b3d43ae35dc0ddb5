"""Speech that is still going on, frame by frame: what of it was voiced, how loud, how long silent since."""

from collections import deque
from dataclasses import dataclass

from fastapi_service.live.rules import FRAME, Rules


@dataclass(frozen=True)
class Frame:
    """Samples `start` to `end` (512 of them; the last frame of a session may be shorter).
    `energy` is the sum of their squares."""

    start: int
    end: int
    probability: float
    energy: float


class Stretch:
    """`voiced_end` is where the last voiced frame ended, `onset` before the first one is known.
    Once it is long and loud enough to be an utterance it is `kept`, and stays so: its partials
    may have been shown already."""

    def __init__(self, rules: Rules, start: int, onset: int, min_voiced: int) -> None:
        self._rules = rules
        self._min_voiced = min_voiced
        self.start = start
        self.end = onset
        self.voiced_end = onset
        self.voiced = 0
        self.kept = False
        self._energy = 0.0
        self._in_voice = False
        self._latest: deque[tuple[Frame, bool]] = deque(maxlen=max(1, rules.hard_window // FRAME))

    @property
    def silence(self) -> int:
        """Samples since the last voiced frame."""
        return self.end - self.voiced_end

    @property
    def padded_end(self) -> int:
        """Where the audio worth sending ends: a little after the last voiced frame."""
        return min(self.end, self.voiced_end + self._rules.post_roll)

    @property
    def quietest(self) -> Frame:
        """The least voiced frame of the last seconds; of several the latest."""
        return min((frame for frame, _ in reversed(self._latest)), key=lambda frame: frame.probability)

    def add(self, frame: Frame) -> None:
        self._in_voice = frame.probability >= (self._rules.leave if self._in_voice else self._rules.enter)
        self._take(frame, self._in_voice)

    def split(self, end: int) -> "Stretch":
        """End this stretch at `end`, the boundary of one of its latest frames; returns what follows."""
        later = [(frame, voiced) for frame, voiced in self._latest if frame.start >= end]
        min_voiced = self._rules.min_voiced_continued if self.kept else self._rules.min_voiced
        rest = Stretch(self._rules, end, end, min_voiced)
        for frame, voiced in later:
            rest._take(frame, voiced)
        rest._in_voice = self._in_voice
        self.voiced -= rest.voiced
        self.voiced_end = min(self.voiced_end, end)
        return rest

    def _take(self, frame: Frame, voiced: bool) -> None:
        self.end = frame.end
        self._latest.append((frame, voiced))
        if not voiced:
            return
        self.voiced_end = frame.end
        self.voiced += frame.end - frame.start
        self._energy += frame.energy
        loud = self._energy >= self._rules.min_level**2 * self.voiced
        self.kept = self.kept or (loud and self.voiced >= self._min_voiced)
