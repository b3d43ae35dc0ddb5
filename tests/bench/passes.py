"""How often the encoder runs for one request: counted at the engine, beside what the driver says."""

import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from contracts.audio import Samples
from stt_worker import choose, models
from stt_worker.engines import driver
from stt_worker.engines.loudness import Loud
from stt_worker.engines.protocol import Alignment, Attempt, Decode, Engine, Options, Piece
from stt_worker.loading import Machine
from tests.bench import speech
from tests.bench.row import Row, Scale


class Counted:
    """An engine that counts its encodings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.encodings = 0
        self.name, self.model, self.device = engine.name, engine.model, engine.device
        self.full_positions, self.languages = engine.full_positions, engine.languages

    def encode(self, samples: Samples, positions: int) -> Any:
        self.encodings += 1
        return self._engine.encode(samples, positions)

    def detect_language(self, encoding: Any) -> tuple[str, float]:
        return self._engine.detect_language(encoding)

    def decode(self, encoding: Any, how: Decode) -> Attempt:
        return self._engine.decode(encoding, how)

    def align(self, encoding: Any, how: Decode, pieces: Sequence[Piece], loud: Loud) -> Alignment:
        return self._engine.align(encoding, how, pieces, loud)


def measure(scale: Scale) -> list[Row]:
    """Raises RuntimeError when the driver says another number than was counted."""
    passes: dict[str, list[int]] = {}
    for engine in _engines():
        for context in ("full", "auto"):
            passes[f"{engine.name} {context}"] = [_ask(engine, s, context) for s in speech.sentences(scale.requests)]
    return rows(passes)


def rows(passes: dict[str, list[int]]) -> list[Row]:
    """Pure: `passes` are those of each request, by engine and context."""
    most = max(max(counts) for counts in passes.values())
    again = sum(count > 1 for counts in passes.values() for count in counts)
    requests = sum(map(len, passes.values()))
    return [
        Row(
            "encoder_passes",
            f"encoder passes of a request of unknown language, {requests} requests: {', '.join(passes)}",
            "1" if most == 1 else f"1 to {most}; more than one for {again} of {requests}",
            "1",
            most == 1,
            {"passes": passes},
        )
    ]


def _engines() -> Iterator[Counted]:
    with tempfile.TemporaryDirectory() as directory:
        for name in sorted(choose.installed()):
            loader = choose.loader(choose.choose(name, {name}))
            machine = Machine("cpu", 1, "exact", directory)
            yield Counted(loader.load(models.demo(models.SHIPPED), machine))


def _ask(engine: Counted, samples: Samples, context: str) -> int:
    before = engine.encodings
    heard = driver.transcribe(engine, samples, Options(language=None, context=context))
    counted = engine.encodings - before
    if heard.encoder_passes != counted:
        raise RuntimeError(f"{engine.name} ran its encoder {counted} times but says {heard.encoder_passes}")
    return counted
