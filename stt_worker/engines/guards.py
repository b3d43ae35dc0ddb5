"""Arithmetic that keeps a decoder in bounds: context length, token cap, signs of a bad attempt.

Pure. Sources: openai-whisper's own thresholds (compression 2.4, log-probability -1, no-speech
0.6); trimmed contexts without margin gave several hundred % word error on stock weights, hence
128 positions (2.56 s) of silence after the audio and a retry on the padded 30 s.
"""

import math
import zlib
from collections.abc import Sequence

from contracts.audio import SAMPLE_RATE
from stt_worker.engines.loudness import SAMPLES_PER_POSITION
from stt_worker.engines.protocol import Attempt

MARGIN_POSITIONS = 128
FLOOR_POSITIONS = 256
STEP_POSITIONS = 64
"""Contexts are rounded up to this, so that few distinct shapes occur."""

TOKENS_PER_SECOND = 8
TOKENS_PER_SECOND_NOT_LATIN = 14
TOKEN_ALLOWANCE = 8
TOKEN_LIMIT = 224

COMPRESSION_LIMIT = 2.4
LOGPROB_LIMIT = -1.0
NO_SPEECH_LIMIT = 0.6
CHARACTERS_PER_SECOND = 25

NOT_LATIN = frozenset(
    "am ar as ba be bg bn bo el fa gu he hi hy ja ka kk km kn ko lo mk ml mn mr my ne pa ps ru sa sd si sr ta te "
    "tg th tt uk ur yi yue zh".split()
)
"""Languages whose script costs Whisper's vocabulary more tokens per spoken second."""


def positions(samples: int, context: str, full: int) -> int:
    """How many encoder positions (20 ms) to compute for so many samples."""
    if context == "full":
        return full
    wanted = math.ceil(samples / SAMPLES_PER_POSITION) + MARGIN_POSITIONS
    rounded = math.ceil(max(wanted, FLOOR_POSITIONS) / STEP_POSITIONS) * STEP_POSITIONS
    return min(rounded, full)


def token_cap(samples: int, language: str, task: str) -> int:
    """The most tokens that this much speech can need: what a runaway loop may cost."""
    slow = language not in NOT_LATIN or task == "translate"
    rate = TOKENS_PER_SECOND if slow else TOKENS_PER_SECOND_NOT_LATIN
    return min(math.ceil(rate * samples / SAMPLE_RATE) + TOKEN_ALLOWANCE, TOKEN_LIMIT)


def compression_ratio(text: str) -> float:
    """Bytes over zlib bytes: the higher, the more the text repeats itself; 0 for no text."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def loops(tokens: Sequence[int]) -> bool:
    """Whether the sequence ends in the same 1 to 6 tokens at least 4 times running, and for at
    least 8 tokens: "no, no, no, no" is speech."""
    for n in range(1, 7):
        times = max(4, math.ceil(8 / n))
        tail = tokens[-n * times :]
        if len(tail) == n * times and all(tail[i] == tail[i % n] for i in range(len(tail))):
            return True
    return False


def loop_end(tokens: Sequence[int]) -> int | None:
    """How many tokens there are when the sequence first `loops`, or None."""
    return next((end for end in range(8, len(tokens) + 1) if loops(tokens[max(0, end - 24) : end])), None)


def trouble(attempt: Attempt, seconds: float) -> str | None:
    """Why an attempt should not be trusted yet, or None. An attempt that heard no speech at all
    is no trouble: silence decodes badly at every temperature."""
    if attempt.no_speech_prob > NO_SPEECH_LIMIT and attempt.avg_logprob < LOGPROB_LIMIT:
        return None
    if attempt.stopped:
        return "stopped"
    if compression_ratio(attempt.text) > COMPRESSION_LIMIT:
        return "compression"
    if attempt.avg_logprob < LOGPROB_LIMIT:
        return "logprob"
    if len(attempt.text) > CHARACTERS_PER_SECOND * max(seconds, 1.0):
        return "rate"
    return None
