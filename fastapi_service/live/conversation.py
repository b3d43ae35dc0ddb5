"""One speaker's conversation: samples in; utterances, requests for partials and captions out.

The one class that the gateway talks to. It never waits and never looks at a clock: what it
returns depends on the samples and answers it was given, in their order, and on nothing else.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from contracts.audio import Samples, seconds
from contracts.messages import Hypothesis, Transcript
from fastapi_service.live.agreement import Agreement, ends_sentence
from fastapi_service.live.language import certain_language
from fastapi_service.live.pace import Pace
from fastapi_service.live.rules import DEFAULT, FRAME, Rules
from fastapi_service.live.segmenter import Cut, Reason, Segmenter
from fastapi_service.live.stretch import Frame
from fastapi_service.live.tape import Tape


class VoiceDetector(Protocol):
    """Hears one session's frames in order; keeps its own state between them."""

    def probability(self, frame: Samples) -> float:
        """The probability (0..1) that this frame, float32[512] at 16 kHz, holds a voice."""
        ...


@dataclass(frozen=True)
class Utterance:
    """Finished speech: samples `start` to `end` of the session, `speech` of them voiced, the last
    of these at `voiced_end`. Numbers count from 1 without gaps."""

    number: int
    start: int
    end: int
    speech: int
    samples: Samples
    reason: Reason
    voiced_end: int


@dataclass(frozen=True)
class PartialDue:
    """Ask for the words of the unfinished utterance `number`, which began at sample `start`."""

    number: int
    start: int
    end: int
    samples: Samples


@dataclass(frozen=True)
class Caption:
    """The words of an unfinished utterance: `contracts.socket_messages.Partial` without its session.
    `stable + tail` is the text; `start` and `end` are seconds."""

    utterance: int
    start: float
    end: float
    stable: str
    tail: str


@dataclass
class _Asked:
    """The outstanding partial; `final` once the transcript has overtaken it."""

    number: int
    start: int
    end: int
    final: bool = False


@dataclass(frozen=True)
class Origin:
    """Where a conversation that was begun elsewhere goes on: after how many samples (16 kHz) and
    utterances, and the language if it is fixed or was locked."""

    samples: int = 0
    utterances: int = 0
    language: str | None = None


class Conversation:
    """`origin.language` fixes the language; without one the first clear transcript does (`conclude`).

    Not thread-safe: one call at a time. `hear` computes (about 0.2 ms per 32 ms of audio), so
    an event loop calls it in a thread.
    """

    def __init__(self, detector: VoiceDetector, rules: Rules = DEFAULT, origin: Origin | None = None) -> None:
        origin = origin or Origin()
        self._detector = detector
        self._rules = rules
        self._language = origin.language
        self._heard = origin.samples
        self._settled = origin.samples
        self._stopped = False
        self._frame = np.zeros(FRAME, np.float32)
        self._filled = 0
        self._tape = Tape(origin.samples)
        self._segmenter = Segmenter(rules, origin.samples)
        self._number = origin.utterances + 1
        self._pace = Pace(rules)
        self._asked: _Asked | None = None
        self._asked_through = 0
        self._agreement: tuple[int, Agreement] | None = None
        self._sentence_through = 0

    @property
    def heard(self) -> int:
        """Samples heard so far."""
        return self._heard

    @property
    def settled(self) -> int:
        """Every sample before this one is silence or belongs to an Utterance already returned. Never
        falls; changes when a call returns, so another thread may read it during one."""
        return self._settled

    @property
    def language(self) -> str | None:
        """The chosen or locked language (ISO 639-1), else None."""
        return self._language

    def hear(self, samples: Samples, spacing: float = 1.0) -> list[Utterance | PartialDue]:
        """Take float32[n] at 16 kHz, any n >= 0; at most one PartialDue, which comes last: so many
        times as rarely as otherwise (`spacing`; infinity: none). The cuts do not depend on it, nor on
        how the audio is divided into calls. Raises RuntimeError after `stop`."""
        if self._stopped:
            raise RuntimeError("the conversation was stopped; audio needs a new one")
        events: list[Utterance | PartialDue] = []
        taken = 0
        while taken < len(samples):
            part = samples[taken : taken + FRAME - self._filled]
            filled = self._filled + len(part)
            # Clipped here once, as the engine will get it: a sample of 1e30 would deafen the detector for good.
            np.clip(part, -1.0, 1.0, out=self._frame[self._filled : filled])
            taken += len(part)
            self._heard += len(part)
            self._filled = filled
            if filled == FRAME:
                events += self._take_frame()
        events += self._partial_due(spacing)
        self._settled = self._segmenter.settled
        return events

    def stop(self) -> list[Utterance]:
        """No more audio: what was said and not yet returned. Then `settled == heard`. A second call gives []."""
        if self._stopped:
            return []
        self._stopped = True
        utterances = self._take_frame() if self._filled else []
        utterances += self._utterance(self._segmenter.flush())
        self._settled = self._segmenter.settled
        self._tape.forget(self._settled)
        return utterances

    def learn(self, hypothesis: Hypothesis) -> Caption | None:
        """The answer to the outstanding partial; None if there is nothing to show. An answer to
        another request than the outstanding one changes nothing."""
        asked = self._asked
        if not asked or (hypothesis.utterance, hypothesis.end) != (asked.number, seconds(asked.end)):
            return None
        if hypothesis.text is None:
            self.give_up_partial()
            return None
        self._asked = None
        self._pace.answered(self._heard)
        if asked.final:
            return None
        if asked.number == self._number:
            self._sentence_through = asked.end if ends_sentence(hypothesis.text) else 0
        return self._caption(asked, hypothesis.text)

    def give_up_partial(self) -> None:
        """No answer came, or the request could not be sent: another partial may be asked for."""
        if self._asked:
            self._asked = None
            self._pace.gave_up(self._heard)

    def conclude(self, transcript: Transcript) -> None:
        """The final words of an utterance are there; its partials are forgotten."""
        number = transcript.utterance
        if self._asked and self._asked.number == number:
            self._asked.final = True
        if self._agreement and self._agreement[0] == number:
            self._agreement = None
        if self._language is None:
            self._language = certain_language(transcript, self._rules)

    def _take_frame(self) -> list[Utterance]:
        """The frame is complete, or the last one: judge it (padded with zeros) and keep it (as it is)."""
        length, self._filled = self._filled, 0
        self._frame[length:] = 0.0
        probability = self._detector.probability(self._frame)
        self._tape.append(self._frame[:length])
        energy = float(np.dot(self._frame, self._frame))
        speech = self._segmenter.open
        sentence_ended = speech is not None and speech.voiced_end <= self._sentence_through
        cut = self._segmenter.push(Frame(self._heard - length, self._heard, probability, energy), sentence_ended)
        utterances = self._utterance(cut)
        self._tape.forget(self._segmenter.settled)
        return utterances

    def _utterance(self, cut: Cut | None) -> list[Utterance]:
        if cut is None or not cut.kept:
            return []
        samples = self._tape.samples(cut.start, cut.end)
        utterance = Utterance(self._number, cut.start, cut.end, cut.voiced, samples, cut.reason, cut.voiced_end)
        self._number += 1
        self._sentence_through = 0
        return [utterance]

    def _partial_due(self, spacing: float) -> list[PartialDue]:
        speech = self._segmenter.open
        if speech is None or not speech.kept or speech.voiced_end <= self._asked_through:
            return []
        if speech.silence > self._rules.partial_silence:
            return []
        start, end = speech.start, speech.padded_end
        if end - start < self._rules.first_partial or not self._pace.may_ask(self._heard, spacing):
            return []
        due = PartialDue(self._number, start, end, self._tape.samples(start, end))
        self._asked = _Asked(due.number, due.start, due.end)
        self._asked_through = speech.end
        self._pace.asked(self._heard)
        return [due]

    def _caption(self, asked: _Asked, text: str) -> Caption | None:
        if self._agreement is None or self._agreement[0] != asked.number:
            self._agreement = asked.number, Agreement(self._rules)
        agreement = self._agreement[1]
        agreement.learn(text, asked.end)
        if not agreement.stable and not agreement.tail:
            return None
        return Caption(asked.number, seconds(asked.start), seconds(asked.end), agreement.stable, agreement.tail)
