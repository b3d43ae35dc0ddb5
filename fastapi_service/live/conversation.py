"""One speaker's conversation: samples in; utterances, requests for partials and captions out.

The one class that the gateway talks to. It never waits and never looks at a clock: what it
returns depends on the samples and answers it was given, in their order, and on nothing else.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from contracts.audio import Samples
from contracts.messages import Hypothesis, Transcript
from fastapi_service.live.rules import DEFAULT, Rules


class VoiceDetector(Protocol):
    """Hears one session's frames in order; keeps its own state between them."""

    def probability(self, frame: Samples) -> float:
        """The probability (0..1) that this frame, float32[512] at 16 kHz, holds a voice."""
        ...


@dataclass(frozen=True)
class Utterance:
    """Finished speech: samples `start` to `end` of the session, `speech` of them voiced."""

    number: int
    start: int
    end: int
    speech: int
    samples: Samples
    reason: Literal["endpoint", "soft", "hard", "flush"]


@dataclass(frozen=True)
class PartialDue:
    """Ask for the words of the unfinished utterance `number`, which began at sample `start`."""

    number: int
    start: int
    end: int
    samples: Samples


@dataclass(frozen=True)
class Caption:
    """The words of an unfinished utterance: `contracts.messages.Partial` without its session.
    `stable + tail` is the text; `start` and `end` are seconds."""

    utterance: int
    start: float
    end: float
    stable: str
    tail: str


class Conversation:
    """`language` fixes the language; without one the first clear transcript does (`conclude`).

    Not thread-safe: one call at a time. `hear` computes (about 0.2 ms per 32 ms of audio), so
    an event loop calls it in a thread.
    """

    def __init__(self, detector: VoiceDetector, rules: Rules = DEFAULT, language: str | None = None) -> None:
        raise NotImplementedError

    @property
    def heard(self) -> int:
        """Samples heard so far."""
        raise NotImplementedError

    @property
    def settled(self) -> int:
        """Every sample before this one is silence or belongs to an Utterance already returned. Never falls."""
        raise NotImplementedError

    @property
    def language(self) -> str | None:
        """The chosen or locked language (ISO 639-1), else None."""
        raise NotImplementedError

    def hear(self, samples: Samples) -> list[Utterance | PartialDue]:
        """Take float32[n] at 16 kHz, any n >= 0; at most one PartialDue, which comes last. The cuts do
        not depend on how the audio is divided into calls. Raises RuntimeError after `stop`."""
        raise NotImplementedError

    def stop(self) -> list[Utterance]:
        """No more audio: what was said and not yet returned. Then `settled == heard`. A second call gives []."""
        raise NotImplementedError

    def learn(self, hypothesis: Hypothesis) -> Caption | None:
        """The answer to the outstanding partial; None if there is nothing (new) to show. An answer to
        another request than the outstanding one changes nothing."""
        raise NotImplementedError

    def give_up_partial(self) -> None:
        """No answer came, or the request could not be sent: another partial may be asked for."""
        raise NotImplementedError

    def conclude(self, transcript: Transcript) -> None:
        """The final words of an utterance are there; its partials are forgotten."""
        raise NotImplementedError
