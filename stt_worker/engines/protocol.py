"""What an engine is: four steps that share one encoding, and the values that they exchange.

No engine decides how often it is asked; `driver.transcribe` does, the same way for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.audio import Samples
from stt_worker.engines.loudness import Loud


class CannotTranscribe(ValueError):
    """This request can never be answered by this engine; `code` and the text go to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Options:
    """`language` None means: detect it. `quick`: a partial, one greedy pass.
    `context` is `full` (30 s padded) or `auto` (the real length, see `guards.positions`).
    `words`: also find when each word was spoken."""

    language: str | None = None
    task: str = "transcribe"
    quick: bool = False
    context: str = "full"
    words: bool = False


@dataclass(frozen=True)
class Decode:
    """One decoding of one encoding, without timestamps: they let a text end early for a second
    look at the rest, which an utterance that was cut at its pauses does not need."""

    language: str
    task: str
    temperature: float
    token_cap: int


@dataclass(frozen=True)
class Piece:
    """A token of a text, special ones not among them: its number and its part of the text's UTF-8."""

    id: int
    data: bytes


@dataclass(frozen=True)
class Attempt:
    """What one decoding gave. `avg_logprob` is per token, end of text included. `stopped`: it was
    ended by the token cap or because it repeated itself, not by the model. `pieces` make up `text`."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    temperature: float = 0.0
    tokens: int = 0
    stopped: bool = False
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Alignment:
    """When each piece of a text was spoken. `starts` are positions that never go back, one for each
    piece and one more for the end of the text; `probabilities` are 0..1, one for each piece."""

    starts: tuple[int, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class TimedWord:
    """`start` and `end` in seconds of the audio."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Transcription:
    """The attempt that was kept, and what it took. `encoder_passes` is 1, or 2 where a guard asked
    for the padded 30 s. `language_probability` is null when the language was given. `words` is null
    when nobody asked, empty when their times could not be found."""

    attempt: Attempt
    language: str
    language_probability: float | None = None
    encoder_passes: int = 1
    attempts: int = 1
    words: tuple[TimedWord, ...] | None = None


class Engine(Protocol):
    """`positions` of an encoding are 20 ms each; `full_positions` of them are the padded 30 s."""

    name: str
    model: str
    device: str
    full_positions: int
    languages: frozenset[str]

    def encode(self, samples: Samples, positions: int) -> Any:
        """16 kHz samples, padded with silence to `positions` -> something for the other three."""
        ...

    def detect_language(self, encoding: Any) -> tuple[str, float]:
        """ISO 639-1 code and its probability; only asked of models that know several languages."""
        ...

    def decode(self, encoding: Any, how: Decode) -> Attempt: ...

    def align(self, encoding: Any, how: Decode, pieces: Sequence[Piece], loud: Loud) -> Alignment:
        """Find one or more `pieces` in the sound, which is speech at most from its first position
        that is `loud` to its last. Raises what it likes when that cannot be done."""
        ...
