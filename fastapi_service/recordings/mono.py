"""Decoded frames of any format, layout and rate -> mono at 16 kHz, with the filter that live speech has."""

from collections.abc import Iterator

import av
import numpy as np

from contracts.audio import SAMPLE_RATE, Samples
from fastapi_service.resample import Resampler

_WEIGHTS = {"FC": 1.0, "FL": 0.7071, "FR": 0.7071, "LFE": 0.0, "LFE2": 0.0, "NONE": 1.0}
_OTHER = 0.5
"""Loudness in the mix, as ITU-R BS.775 has it: films speak from the centre; the subwoofer is left out. NONE:
the file does not say what its channels are. The sum is made 1, so that nothing clips."""


class Mono:
    """FFmpeg collects the frames to a second of packed float32 first. (The other way to their samples,
    `to_ndarray`, reads past the end of a planar frame that has 8 channels or more.)"""

    def __init__(self) -> None:
        self._kind: tuple[str, str, int] | None = None
        self._rate = SAMPLE_RATE
        self._weights = np.ones(1, np.float32)
        self._resampler = Resampler(SAMPLE_RATE)
        self._collector = av.AudioResampler(format="flt")

    def feed(self, frame: av.AudioFrame, gap: float = 0.0) -> Iterator[Samples]:
        """Blocks of at most about a second that are ready; `gap` seconds of silence come before the frame."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self.finish()
            self._begin(frame)
            self._kind = kind
        if gap:
            yield from self._silence(round(gap * self._rate))
        yield from self._mixed(frame)

    def finish(self) -> Iterator[Samples]:
        """What was held back; another frame may follow."""
        yield from self._collected()
        if self._kind is not None:
            yield self._resampler.finish()
            self._resampler = Resampler(self._rate)

    def _begin(self, frame: av.AudioFrame) -> None:
        self._rate = frame.sample_rate
        self._resampler = Resampler(self._rate)
        self._collector = self._new_collector()
        channels = [_WEIGHTS.get(channel.name, _OTHER) for channel in frame.layout.channels]
        weights = np.array(channels if any(channels) else [1.0] * len(channels), np.float32)
        self._weights = weights / weights.sum()

    def _new_collector(self) -> av.AudioResampler:
        return av.AudioResampler(format="flt", frame_size=self._rate)

    def _silence(self, count: int) -> Iterator[Samples]:
        yield from self._collected()
        for start in range(0, count, self._rate):
            yield self._resampler.feed(np.zeros(min(self._rate, count - start), np.float32))

    def _collected(self) -> Iterator[Samples]:
        """What was collected of a second that is not full."""
        if self._kind is not None:
            yield from self._mixed(None)
            self._collector = self._new_collector()

    def _mixed(self, frame: av.AudioFrame | None) -> Iterator[Samples]:
        for second in self._collector.resample(frame):
            packed = second.to_ndarray().reshape(-1, len(self._weights)).astype(np.float32, copy=False)
            mixed = packed[:, 0] if len(self._weights) == 1 else packed @ self._weights
            # a float WAV may hold anything; infinity would stay in the filter for good
            yield self._resampler.feed(np.clip(np.nan_to_num(mixed, nan=0.0), -1.0, 1.0))
