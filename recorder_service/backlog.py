"""Audio that was read but that the server has not accepted yet; pure.

Samples are counted from the start of the recording at the recording's own rate.
"""

from collections import deque
from collections.abc import Iterator

from recorder_service.sources import Samples


class Backlog:
    def __init__(self) -> None:
        self._blocks: deque[Samples] = deque()
        self.first = 0
        """Number of the first sample kept: everything before it is safe with the server."""

    def add(self, block: Samples) -> None:
        self._blocks.append(block)

    def accept(self, sample: int) -> None:
        """Forget every sample before number `sample`; an older number changes nothing."""
        while self._blocks and self.first < sample:
            block = self._blocks.popleft()
            gone = min(len(block), sample - self.first)
            self.first += gone
            if gone < len(block):
                self._blocks.appendleft(block[gone:])

    def __iter__(self) -> Iterator[Samples]:
        """The kept blocks in order, a snapshot."""
        return iter(list(self._blocks))

    def __len__(self) -> int:
        return sum(len(block) for block in self._blocks)
