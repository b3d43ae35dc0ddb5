"""What an engine is: three steps that share one encoding, and the values that they exchange.

No engine decides how often it is asked; `driver.transcribe` does, the same way for all of them.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from contracts.audio import Samples


class CannotTranscribe(ValueError):
    """This request can never be answered by this engine; `code` and the text go to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Options:
    """`language` None means: detect it. `quick`: a partial, one greedy pass.
    `context` is `full` (30 s padded) or `auto` (the real length, see `guards.positions`)."""

    language: str | None = None
    task: str = "transcribe"
    quick: bool = False
    context: str = "full"


@dataclass(frozen=True)
class Decode:
    """One decoding of one encoding, without timestamps: they let a text end early for a second
    look at the rest, which an utterance that was cut at its pauses does not need."""

    language: str
    task: str
    temperature: float
    token_cap: int


@dataclass(frozen=True)
class Attempt:
    """What one decoding gave. `avg_logprob` is per token, end of text included. `stopped`: it was
    ended by the token cap or because it repeated itself, not by the model."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    temperature: float = 0.0
    tokens: int = 0
    stopped: bool = False


@dataclass(frozen=True)
class Transcription:
    """The attempt that was kept, and what it took. `encoder_passes` is 1, or 2 where a guard asked
    for the padded 30 s. `language_probability` is null when the language was given."""

    attempt: Attempt
    language: str
    language_probability: float | None = None
    encoder_passes: int = 1
    attempts: int = 1


class Engine(Protocol):
    """`positions` of an encoding are 20 ms each; `full_positions` of them are the padded 30 s."""

    name: str
    model: str
    device: str
    full_positions: int
    languages: frozenset[str]

    def encode(self, samples: Samples, positions: int) -> Any:
        """16 kHz samples, padded with silence to `positions` -> something for the other two."""
        ...

    def detect_language(self, encoding: Any) -> tuple[str, float]:
        """ISO 639-1 code and its probability; only asked of models that know several languages."""
        ...

    def decode(self, encoding: Any, how: Decode) -> Attempt: ...
