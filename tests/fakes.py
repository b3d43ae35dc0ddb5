"""Fakes of our own Protocols, nothing else; each is smaller than a screen."""

import numpy as np

from contracts.audio import Samples


class LevelDetector:
    """A voice detector for scripted audio: the mean of |samples| is the probability, so that a
    frame taken at the wrong place shows."""

    def probability(self, frame: Samples) -> float:
        assert frame.shape == (512,) and frame.dtype == np.float32
        return float(np.abs(frame).mean())
