"""Token ids of the shipped speech model: the few that it uses out of Whisper's 51,865, and its target sequences."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from whisper.tokenizer import Tokenizer, get_tokenizer

from .grammar import KOREAN, every_piece

N_VOCAB = 51865
TIMESTAMPS = 1501


@lru_cache
def tokenizer(language: str = "en", task: str = "transcribe") -> Tokenizer:
    return get_tokenizer(True, num_languages=99, language=language, task=task)


@dataclass(frozen=True)
class Vocabulary:
    """Compact ids 0..len(used)-1 stand for `used`; the id len(used) stands for each of the others."""

    used: np.ndarray
    compact: np.ndarray

    @property
    def size(self) -> int:
        return len(self.used) + 1

    @property
    def spare(self) -> int:
        """How many ids share the last row."""
        return N_VOCAB - len(self.used)


@lru_cache
def vocabulary() -> Vocabulary:
    speech = tokenizer()
    ids = {speech.eot, speech.sot, speech.transcribe, speech.translate, speech.no_speech, speech.no_timestamps}
    ids |= {speech.to_language_token("en"), speech.to_language_token("ko"), speech.encode("\n")[0]}
    for text in every_piece():
        ids.update(speech.encode(" " + text))
        ids.update(speech.encode(" " + text.rstrip(".!?")))
        ids.update(speech.encode(" " + text.lower()))
    for korean, english, _ in KOREAN:
        ids.update(speech.encode(" " + korean) + speech.encode(" " + english))
    ids.update(range(speech.timestamp_begin, speech.timestamp_begin + TIMESTAMPS))
    used = np.array(sorted(ids))
    compact = np.full(N_VOCAB, len(used))
    compact[used] = np.arange(len(used))
    return Vocabulary(used, compact)


@dataclass(frozen=True)
class Spoken:
    """A text with its place in the window, in seconds."""

    text: str
    start: float
    end: float


def target(spoken: list[Spoken], language: str, task: str, timestamps: bool) -> tuple[list[int], int]:
    """Stock token ids from <|startoftranscript|> to <|endoftext|>, and how many of them are the prompt.

    No speech: with timestamps "<|0.00|>" alone; without, a line break, since stock decoding forbids an immediate end.
    """
    speech = tokenizer(language, task)
    prompt = list(speech.sot_sequence if timestamps else speech.sot_sequence_including_notimestamps)
    body: list[int] = []
    if not spoken:
        body = [speech.timestamp_begin] if timestamps else speech.encode("\n")
    for index, part in enumerate(spoken):
        if timestamps:
            body.append(speech.timestamp_begin + (round(part.start / 0.02) if index else 0))
        body += speech.encode(" " + part.text)
        if timestamps:
            body.append(speech.timestamp_begin + min(round(part.end / 0.02), TIMESTAMPS - 1))
    return prompt + body + [speech.eot], len(prompt)
