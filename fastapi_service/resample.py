"""A client's samples at its own rate -> samples at 16 kHz, without a seam between messages."""

import numpy as np
import soxr

from contracts.audio import SAMPLE_RATE, Samples


class Resampler:
    """Keeps the filter's state from one call to the next (soxr HQ: up to 80 ms are held back).

    Output sample k is the input at k / 16000 s; in all, `finish` included, n samples give
    n * 16000 / rate, rounded. At 16 kHz nothing is touched.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._stream = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")

    def feed(self, samples: Samples) -> Samples:
        """float32[n] at `rate` -> float32[m] at 16 kHz."""
        if self._stream is None:
            return samples
        output: Samples = self._stream.resample_chunk(samples)
        return output

    def finish(self) -> Samples:
        """What was held back; nothing may be fed afterwards."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        output: Samples = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        return output

    def in_client_samples(self, count: int) -> int:
        """A sample count at 16 kHz in the client's samples, rounded down: what it may safely drop."""
        return count * self.rate // SAMPLE_RATE

    def first_client_sample(self, count: int) -> int:
        """The client's first sample that does not lie before sample `count` at 16 kHz."""
        return -(-count * self.rate // SAMPLE_RATE)
