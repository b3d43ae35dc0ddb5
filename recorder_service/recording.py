"""The recording while it is made: read from its source at the source's own pace, connection or not,
and kept until the server has accepted it.

When as much is kept as may be, a source that can wait (a file) waits. One that cannot (a microphone)
goes on, and the oldest of what is kept is given up.
"""

import asyncio

from recorder_service.backlog import Backlog
from recorder_service.capture import Samples
from recorder_service.sources import Source


class Recording:
    def __init__(self, source: Source, keep_seconds: float) -> None:
        self._source = source
        self._backlog = Backlog(max(1, round(keep_seconds * source.rate)))
        self._ended = False
        self._changed = asyncio.Event()
        self.broken: Exception | None = None
        """Why the source ended early. What was read before still gets its words."""

    @property
    def rate(self) -> int:
        return self._source.rate

    @property
    def first(self) -> int:
        """Number of the first sample that is kept."""
        return self._backlog.first

    @property
    def accepted(self) -> int:
        """Number of the first sample that the server has not accepted."""
        return self._backlog.accepted

    def seconds(self, samples: int) -> float:
        return samples / self.rate

    @property
    def owed_seconds(self) -> float:
        """Audio that was read and not accepted."""
        return self.seconds(self._backlog.end - self._backlog.accepted)

    async def read(self) -> None:
        """Read the source until it ends or this is cancelled."""
        try:
            while (block := await self._source.read()) is not None:
                while self._source.can_wait and len(self._backlog) and self._backlog.room < len(block):
                    await self._change()
                self._backlog.add(block)
                self._changed.set()
                await asyncio.sleep(0)  # a source that never waits must not keep everybody else waiting
        except Exception as error:  # raised by whoever runs the conversation, once it is over
            self.broken = error
        finally:
            self._ended = True
            self._changed.set()

    def accept(self, sample: int) -> bool:
        """The server has everything before number `sample`; whether that is news."""
        before = self.accepted
        self._backlog.accept(sample)
        self._changed.set()
        return self.accepted > before

    async def samples(self, position: int, most: int) -> Samples | None:
        """At most so many samples from `position` (not before `first`) on, once there are some; None
        when the recording has ended before."""
        while position >= self._backlog.end:
            if self._ended:
                return None
            await self._change()
        return self._backlog.read(position, most)

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
