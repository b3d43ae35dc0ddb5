"""Models that cost nothing, for runs in which the machine is to be busy with faults instead, and the
wrapping that makes any engine obey poison.
"""

from collections.abc import Sequence
from typing import Any

from contracts.audio import Samples, digest, to_s16le
from contracts.names import NEGATIVE, POSITIVE
from stt_worker.engines.loudness import Loud
from stt_worker.engines.protocol import Alignment, Attempt, Decode, Engine, Piece
from tests.faults import poison

SETTING, SCRIPTED = "FAULTS_MODELS", "scripted"
"""Environment variable and its value: the workers load these models instead of the shipped ones."""

WORDS = ("red", "green", "blue", "tall", "small", "warm", "cold", "loud", "calm", "round", "flat", "new", "old")
_LABELS = (NEGATIVE, POSITIVE)


def words(samples: Samples) -> str:
    """A few words that depend on the samples alone; none for every tenth utterance."""
    number = int(digest(to_s16le(samples))[:12], 16)
    if number % 10 == 0:
        return ""
    chosen = []
    for _ in range(3):
        number, index = divmod(number, len(WORDS))
        chosen.append(WORDS[index])
    return " ".join([*chosen, "house"])


class ScriptedEngine:
    """Implements `Engine`: the words are a hash of the samples."""

    name, model, device = "scripted", "scripted", "cpu"
    full_positions = 1500
    languages = frozenset({"en"})

    def encode(self, samples: Samples, positions: int) -> Any:
        return words(samples)

    def detect_language(self, encoding: Any) -> tuple[str, float]:
        return "en", 1.0

    def decode(self, encoding: Any, how: Decode) -> Attempt:
        pieces = tuple(Piece(number, f" {word}".encode()) for number, word in enumerate(encoding.split()))
        return Attempt(encoding, avg_logprob=-0.1, no_speech_prob=0.0, tokens=6, pieces=pieces)

    def align(self, encoding: Any, how: Decode, pieces: Sequence[Piece], loud: Loud) -> Alignment:
        return Alignment(tuple(len(loud) * n // len(pieces) for n in range(len(pieces) + 1)), (0.9,) * len(pieces))


class PoisonableEngine:
    """Any engine, which obeys the marks of `poison`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.model, self.device = engine.name, engine.model, engine.device
        self.full_positions, self.languages = engine.full_positions, engine.languages

    def encode(self, samples: Samples, positions: int) -> Any:
        kind = poison.kind_of(samples)
        poison.obey(kind)
        return poison.CRASH_ANALYZER if kind == poison.CRASH_ANALYZER else self._engine.encode(samples, positions)

    def detect_language(self, encoding: Any) -> tuple[str, float]:
        return self._engine.detect_language(encoding)

    def decode(self, encoding: Any, how: Decode) -> Attempt:
        if encoding == poison.CRASH_ANALYZER:
            return Attempt(poison.ANALYZER_TEXT, avg_logprob=-0.1, no_speech_prob=0.0, tokens=4)
        return self._engine.decode(encoding, how)

    def align(self, encoding: Any, how: Decode, pieces: Sequence[Piece], loud: Loud) -> Alignment:
        return self._engine.align(encoding, how, pieces, loud)


class ScriptedSentiment:
    """Implements `SentimentModel`."""

    name = "scripted"
    classes = _LABELS
    window = 512

    def length(self, text: str) -> int:
        return len(text.split())

    def probabilities(self, texts: Sequence[str]) -> list[list[float]]:
        return [[0.2, 0.8] for _ in texts]
