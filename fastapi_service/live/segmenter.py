"""Decides where utterances begin and end, from one voice probability and level per 512-sample frame.

Holds no audio. Rules that may not be broken: cuts are in order and never overlap; every frame
judged voiced lies inside a cut; `settled` never falls and never passes a sample that a later
cut may still contain.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from fastapi_service.live.rules import FRAME, Rules
from fastapi_service.live.stretch import Frame, Stretch

Reason = Literal["endpoint", "soft", "hard", "flush"]


@dataclass(frozen=True)
class Cut:
    """Samples `start` to `end`; `voiced` of them are speech, which ended at `voiced_end`. If it is
    not `kept`, it was too short or too quiet to be an utterance and counts as silence."""

    start: int
    end: int
    voiced: int
    voiced_end: int
    kept: bool
    reason: Reason


class Segmenter:
    """`first` is the number of the first sample that will be heard."""

    def __init__(self, rules: Rules, first: int = 0) -> None:
        self._rules = rules
        self._position = first
        self._cut_end = first
        self._recent: deque[Frame] = deque(maxlen=rules.start_window - 1)
        self._open: Stretch | None = None

    @property
    def open(self) -> Stretch | None:
        """The unfinished speech, if any."""
        return self._open

    @property
    def settled(self) -> int:
        """No later cut begins before this sample."""
        if self._open:
            return self._open.start
        onsets = (frame.start for frame in self._recent if frame.probability >= self._rules.enter)
        return self._reach_back(next(onsets, self._position))

    def push(self, frame: Frame, sentence_ended: bool = False) -> Cut | None:
        """Take the next frame. `sentence_ended`: the words known of this speech cover all that is
        voiced so far and end like a sentence, so that a shorter pause ends the utterance."""
        self._position = frame.end
        if self._open is None:
            self._start_if_speech(frame)
        else:
            self._open.add(frame)
        return self._end_if_due(self._open, sentence_ended) if self._open else None

    def flush(self) -> Cut | None:
        """No frame follows: end what is going on."""
        stretch, self._open = self._open, None
        self._recent.clear()
        cut = self._close(stretch, stretch.padded_end, "flush") if stretch else None
        self._cut_end = self._position
        return cut

    def _start_if_speech(self, frame: Frame) -> None:
        window = [*self._recent, frame]
        entering = [seen.start for seen in window if seen.probability >= self._rules.enter]
        if len(entering) < self._rules.start_frames:
            self._recent.append(frame)
            return
        onset = entering[0]
        self._recent.clear()
        self._open = Stretch(self._rules, self._reach_back(onset), onset, self._rules.min_voiced)
        for seen in window:
            if seen.start >= onset:
                self._open.add(seen)

    def _reach_back(self, onset: int) -> int:
        return max(self._cut_end, onset - self._rules.pre_roll)

    def _end_if_due(self, stretch: Stretch, sentence_ended: bool) -> Cut | None:
        rules = self._rules
        length = self._position - stretch.start
        if stretch.silence >= self._endpoint(stretch, sentence_ended):
            self._open = None
            return self._close(stretch, stretch.padded_end, "endpoint")
        if length >= rules.soft_maximum and stretch.silence >= rules.soft_dip:
            middle = stretch.voiced_end + stretch.silence // 2 // FRAME * FRAME
            return self._cut_running(stretch, middle, "soft")
        if length + FRAME > rules.hard_maximum:
            return self._cut_running(stretch, stretch.quietest.end, "hard")
        return None

    def _endpoint(self, stretch: Stretch, sentence_ended: bool) -> int:
        if stretch.voiced < self._rules.short_voiced:
            return self._rules.endpoint_short
        return self._rules.endpoint_sentence if sentence_ended else self._rules.endpoint

    def _cut_running(self, stretch: Stretch, end: int, reason: Reason) -> Cut:
        """Speech goes on: what follows `end` (a frame's boundary) belongs to the next stretch."""
        self._open = stretch.split(end)
        return self._close(stretch, end, reason)

    def _close(self, stretch: Stretch, end: int, reason: Reason) -> Cut:
        self._cut_end = end
        return Cut(stretch.start, end, stretch.voiced, stretch.voiced_end, stretch.kept, reason)
