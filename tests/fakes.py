"""Fakes of our own Protocols, nothing else; each is smaller than a screen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contracts.audio import Samples
from stt_worker.engines.loudness import Loud
from stt_worker.engines.protocol import Alignment, Attempt, Decode, Piece
from stt_worker.loading import Machine, Source


class LevelDetector:
    """A voice detector for scripted audio: the mean of |samples| is the probability, so that a
    frame taken at the wrong place shows."""

    def probability(self, frame: Samples) -> float:
        assert frame.shape == (512,) and frame.dtype == np.float32
        return float(np.abs(frame).mean())


class ScriptedEngine:
    """A speech engine that gives the attempts it was made with, and notes what it was asked. Its
    encodings are their lengths; it always hears Korean, and each piece of a text for one position, unless
    `hearing` says that it cannot."""

    name, model, device, full_positions = "scripted", "script", "cpu", 1500

    def __init__(self, attempts: Sequence[Attempt], languages: Sequence[str] = ("en", "ko")) -> None:
        self.languages = frozenset(languages)
        self.attempts = list(attempts)
        self.encoded: list[int] = []
        self.asked: list[Decode] = []
        self.detections = 0
        self.hearing: Exception | None = None

    def encode(self, samples: Samples, positions: int) -> int:
        self.encoded.append(positions)
        return positions

    def detect_language(self, encoding: int) -> tuple[str, float]:
        self.detections += 1
        return "ko", 0.9

    def decode(self, encoding: int, how: Decode) -> Attempt:
        assert encoding == self.encoded[-1], "decoded an encoding that is not the newest"
        self.asked.append(how)
        return self.attempts[len(self.asked) - 1]

    def align(self, encoding: int, how: Decode, pieces: Sequence[Piece], loud: Loud) -> Alignment:
        assert encoding == self.encoded[-1], "aligned an encoding that is not the newest"
        if self.hearing is not None:
            raise self.hearing
        return Alignment(tuple(range(len(pieces) + 1)), (0.5,) * len(pieces))


@dataclass
class ScriptedLoader:
    """Knows two model names; `hindrance` is why neither can be had."""

    hindrance: str | None = None
    name: str = "scripted"

    def known(self) -> list[str]:
        return ["tiny", "base"]

    def obstacle(self, name: str, directory: str) -> str | None:
        return self.hindrance

    def load(self, source: Source, machine: Machine) -> ScriptedEngine:
        return ScriptedEngine([])


@dataclass
class RecordingRedis:
    """The worker's part of a Redis client: strings and hashes that a test puts in, events that
    were committed (their JSON, in order) and messages that were published."""

    strings: dict[str, bytes] = field(default_factory=dict)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    committed: list[dict[str, Any]] = field(default_factory=list)
    published: list[dict[str, Any]] = field(default_factory=list)

    def get(self, name: str) -> bytes | None:
        return self.strings.get(name)

    def exists(self, *names: str) -> int:
        return sum(name in self.strings or name in self.hashes for name in names)

    def hget(self, name: str, key: str) -> str | None:
        return self.hashes.get(name, {}).get(key)

    def publish(self, channel: str, message: str) -> int:
        self.published.append(json.loads(message))
        return 1

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> int:
        mark, body = keys_and_args[0], keys_and_args[numkeys]
        if mark in self.strings:
            return 0
        self.strings[mark] = b"1"
        self.committed.append(json.loads(body))
        return len(self.committed)


class ScriptedLease:
    """A contracts.lease.Lease that gives the outcomes it was made with, and remembers what was put off."""

    def __init__(self, begins: str = "go", put_off: str = "go") -> None:
        self._begins = begins
        self._put_off = put_off
        self.delays: list[float] = []

    def begin(self, session: str, utterance: int) -> str:
        return self._begins

    def put_off(self, session: str, utterance: int, seconds: float) -> str:
        self.delays.append(seconds)
        return self._put_off
