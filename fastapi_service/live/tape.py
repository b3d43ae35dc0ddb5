"""The samples that may still be needed, frame by frame; what is settled is forgotten."""

from collections import deque
from itertools import islice

import numpy as np

from contracts.audio import Samples
from fastapi_service.live.rules import FRAME


class Tape:
    """Memory follows what is kept: frames are appended and dropped whole, never moved."""

    def __init__(self, first: int = 0) -> None:
        self._frames: deque[Samples] = deque()
        self._first = first

    def __len__(self) -> int:
        """Samples kept."""
        return sum(len(frame) for frame in self._frames)

    def append(self, frame: Samples) -> None:
        """Keep a copy of the next frame: 512 samples, fewer only in a session's last."""
        self._frames.append(frame.copy())

    def forget(self, before: int) -> None:
        """Samples before number `before` are not needed any more."""
        while self._frames and self._first + FRAME <= before:
            self._frames.popleft()
            self._first += FRAME

    def samples(self, start: int, end: int) -> Samples:
        """A copy of samples `start` to `end`, which must not have been forgotten."""
        if start < self._first:
            raise ValueError(f"samples from {start} were asked for, but those before {self._first} are forgotten")
        frames = islice(self._frames, (start - self._first) // FRAME, -(-(end - self._first) // FRAME))
        skipped = (start - self._first) % FRAME
        return np.concatenate(list(frames))[skipped : skipped + end - start]
