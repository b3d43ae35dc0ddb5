"""What must not become text: decides from a transcription's numbers whether its words are kept.

Pure. Whisper writes well-known sentences over silence and repeats itself over noise; it also
hears people who really say "thank you" or "no, no, no". So no rule drops on a phrase alone: each
needs a second sign that the model did not hear it.
"""

import math
import re
import unicodedata
from dataclasses import dataclass

from stt_worker.engines.guards import COMPRESSION_LIMIT, LOGPROB_LIMIT, NO_SPEECH_LIMIT, compression_ratio
from stt_worker.engines.protocol import Attempt
from stt_worker.phrases import CREDITS, PLEASANTRIES

SHORT_SPEECH_SECONDS = 1.5
UNSURE_LOGPROB = -0.6
UNSURE_NO_SPEECH = 0.3
HOPELESS_LOGPROB = -1.5
LOOP_CHARACTERS_PER_SECOND = 20
IMPOSSIBLE_CHARACTERS_PER_SECOND = 35


@dataclass(frozen=True)
class Verdict:
    """The text to keep. `dropped` is the reason why it is empty, or None; `shortened` says that a
    loop at the end was cut off."""

    text: str
    dropped: str | None = None
    shortened: bool = False


def judge(attempt: Attempt, language: str, seconds: float, speech_seconds: float) -> Verdict:
    """`seconds` of audio were sent, `speech_seconds` of them voiced (0: unknown, all counts)."""
    text = attempt.text.strip()
    spoken = speech_seconds or seconds
    unsure = attempt.avg_logprob < UNSURE_LOGPROB or attempt.no_speech_prob > UNSURE_NO_SPEECH
    if not any(character.isalnum() for character in text):
        return Verdict("", "no_speech")
    scrap = len(text.split()) <= 2
    if attempt.no_speech_prob > NO_SPEECH_LIMIT and attempt.avg_logprob < (UNSURE_LOGPROB if scrap else LOGPROB_LIMIT):
        return Verdict("", "no_speech")
    if _is_known(text, language, unsure, spoken):
        return Verdict("", "hallucination")

    rate = len(text) / max(seconds, 0.5)
    if compression_ratio(text) > COMPRESSION_LIMIT and (unsure or attempt.stopped or rate > LOOP_CHARACTERS_PER_SECOND):
        kept = without_loop(text)
        return Verdict(kept, shortened=True) if kept else Verdict("", "repetition")
    if rate > IMPOSSIBLE_CHARACTERS_PER_SECOND:
        return Verdict("", "impossible_rate")
    if attempt.avg_logprob < (LOGPROB_LIMIT if spoken < 1.0 else HOPELESS_LOGPROB):
        return Verdict("", "low_confidence")
    return Verdict(text)


def confidence(attempt: Attempt) -> float:
    """exp of the mean log-probability, 0..1."""
    return round(min(1.0, math.exp(min(0.0, attempt.avg_logprob))), 4)


def without_loop(text: str) -> str:
    """Cut a loop off the end: what stands before it and its words once, as they stand there.
    Empty when there is nothing but the loop."""
    words = text.split()
    for n in range(1, 9):
        times = 1
        while len(words) >= n * (times + 1) and _same(words[-n:], words[-n * (times + 1) : -n * times or None]):
            times += 1
        if times >= 4:
            before = len(words) - n * times
            return " ".join(words[: before + n]) if before >= 2 else ""
    return ""


def _same(left: list[str], right: list[str]) -> bool:
    return [plain(word) for word in left] == [plain(word) for word in right]


def _is_known(text: str, language: str, unsure: bool, spoken: float) -> bool:
    whole = plain(text)
    if any(re.fullmatch(pattern, whole) for pattern in CREDITS.get(language, ()) + CREDITS["*"]):
        return unsure or spoken < SHORT_SPEECH_SECONDS
    return unsure and whole in PLEASANTRIES.get(language, ())


def plain(text: str) -> str:
    """Lower case, no punctuation, single spaces: for comparing, never for showing."""
    kept = (c if c.isalnum() or c.isspace() else " " for c in unicodedata.normalize("NFC", text).casefold())
    return " ".join("".join(kept).split())
