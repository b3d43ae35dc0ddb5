"""Every number that live speech is cut by, as sample counts at 16 kHz, probabilities and levels.

Sources: Silero's own advice for thresholds and frame size; the realtime APIs' habits for pre-roll
and endpoint silence; the rest from measurements and listening. Nothing else in `live` is a number.
"""

from dataclasses import dataclass

from contracts.audio import SAMPLE_RATE

FRAME = 512
"""Samples in one frame (32 ms): what the voice detector takes, no more and no less."""

MS = SAMPLE_RATE // 1000


@dataclass(frozen=True)
class Rules:
    """Lengths are samples. A frame is voiced from `enter` on, and stays so down to `leave`."""

    enter: float = 0.5
    leave: float = 0.35
    start_frames: int = 3
    """So many of `start_window` frames at `enter` or more open an utterance: one click does not."""
    start_window: int = 4
    pre_roll: int = 300 * MS
    post_roll: int = 200 * MS

    min_voiced: int = 250 * MS
    min_voiced_continued: int = 96 * MS
    """After a cut in running speech: a short last word must not be lost, so the start rule's length is enough."""
    min_level: float = 0.004
    """RMS over the voiced frames (-48 dBFS): below it the voice is another room's."""

    endpoint: int = 550 * MS
    endpoint_sentence: int = 400 * MS
    endpoint_short: int = 800 * MS
    short_voiced: int = 1000 * MS

    soft_maximum: int = 10_000 * MS
    soft_dip: int = 100 * MS
    hard_maximum: int = 15_000 * MS
    hard_window: int = 2_000 * MS

    first_partial: int = 1000 * MS
    partial_interval: int = 1000 * MS
    partial_round_trips: int = 2
    """Ask again after so many round trips of new audio: one stream takes at most 1/2 of a worker."""
    partial_silence: int = 250 * MS
    """Later in a pause no partial is asked for: the utterance is about to end, and its final would wait
    behind the partial in the worker."""
    agreement_margin: int = 300 * MS

    lock_speech: int = 2000 * MS
    lock_probability: float = 0.6


DEFAULT = Rules()
