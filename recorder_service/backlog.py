"""Audio that was read but that the server has not accepted yet; pure.

Samples are counted from the start of the recording at the recording's own rate. It holds so many
and no more: what is added to a full one takes the place of the oldest.
"""

import numpy as np

from recorder_service.capture import Samples


class Backlog:
    def __init__(self, most: int) -> None:
        self._ring = np.zeros(most, np.float32)
        self.accepted = 0
        """Every sample before this one is safe with the server."""
        self.first = 0
        """Number of the first sample kept: `accepted`, or later where audio had to be given up."""
        self.end = 0
        """Number of the sample that comes next."""

    def __len__(self) -> int:
        return self.end - self.first

    @property
    def room(self) -> int:
        """Samples that can be added without giving any up."""
        return len(self._ring) - len(self)

    def add(self, block: Samples) -> None:
        self._ring.put(range(self.end, self.end + len(block)), block, mode="wrap")
        self.end += len(block)
        self.first = max(self.first, self.end - len(self._ring))

    def accept(self, sample: int) -> None:
        """Forget every sample before number `sample`; an older number changes nothing."""
        self.accepted = max(self.accepted, min(sample, self.end))
        self.first = max(self.first, self.accepted)

    def read(self, sample: int, most: int) -> Samples:
        """At most so many samples from number `sample` on, which must not be before `first`."""
        if sample < self.first:
            raise IndexError(f"sample {sample} is no longer kept; the first one is {self.first}")
        return self._ring.take(range(sample, min(sample + most, self.end)), mode="wrap")
