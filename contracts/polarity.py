"""PURE: from a score to a label; one rule for a sentence and for a whole recording."""

from contracts.names import NEGATIVE, NEUTRAL, POSITIVE

NEUTRAL_BELOW = 1 / 3
"""|p(positive) - p(negative)| up to here is neutral: the cut that Deepgram uses as well."""


def label_of(score: float) -> str:
    """POSITIVE, NEGATIVE or NEUTRAL for p(positive) - p(negative)."""
    if abs(score) <= NEUTRAL_BELOW:
        return NEUTRAL
    return POSITIVE if score > 0 else NEGATIVE
