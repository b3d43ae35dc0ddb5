"""The numbers that recordings are decoded by. (Those they are cut by are the live ones: `live/rules.py`.)"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodeRules:
    """What is beyond the limits is refused: it is not speech, and costs memory and time out of all proportion."""

    most_hours: float = 4.0
    most_channels: int = 32
    least_rate: int = 4_000
    most_rate: int = 384_000

    gap: float = 0.2
    """Seconds by which timestamps must run ahead of the sound for silence to be put there: a part that is
    missing or that began late. Less than that is how containers round."""
    promise: float = 0.25
    """Seconds that may be missing of the length promised before the end counts as cut off: encoders pad."""
    promise_broken: float = 0.05
    """The same when the last packet could not be decoded."""
    good_share: float = 0.1
    """If a smaller part of the packets can be decoded, what came out of them is not the sound."""


DEFAULT = DecodeRules()
