"""One request of 6 s audio, stock `whisper.transcribe` against our engines, side by side.

Random weights at the true dimensions of tiny and base (no weights are needed to measure time):
24 tokens each, the end of text suppressed, unknown language. The configurations take turns, round
by round, in one process on one thread; what counts is each one's best round. Run it as
`python -m tests.bench.request [--sizes tiny,base] [--rounds 5]`.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper as openai_whisper
from whisper.model import ModelDimensions
from whisper.tokenizer import get_tokenizer

from contracts.audio import SAMPLE_RATE, Samples
from stt_worker.engines import faster_whisper, guards
from stt_worker.engines import openai_whisper as ours
from stt_worker.engines.byte_text import SPECIAL
from stt_worker.engines.protocol import Decode, Engine
from stt_worker.loading import Machine, Source

SECONDS = 6
TOKENS = 24
DIMENSIONS = {
    "tiny": ModelDimensions(80, 1500, 384, 6, 4, 51865, 448, 384, 6, 4),
    "base": ModelDimensions(80, 1500, 512, 8, 6, 51865, 448, 512, 8, 6),
}
LOADERS = {"openai-whisper": ours.LOADER, "faster-whisper": faster_whisper.LOADER}
CONFIGURATIONS = [
    (engine, precision, context)
    for engine in LOADERS
    for precision in ("exact", "fast")
    for context in ("full", "auto")
]


@dataclass
class Lane:
    """One configuration and its rounds."""

    engine: str
    precision: str
    context: str
    ask: Callable[[], str]
    encodes: list[int]
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    text: str = ""

    def run(self) -> None:
        self.encodes[0] = 0
        cpu, wall = time.process_time(), time.perf_counter()
        self.text = self.ask()
        self.cpu.append(1000 * (time.process_time() - cpu))
        self.wall.append(1000 * (time.perf_counter() - wall))


def measure(sizes: Sequence[str] = ("tiny", "base"), rounds: int = 5) -> list[dict[str, Any]]:
    """One row per size and configuration: milliseconds of the best round (process CPU and wall
    time), how many times quicker than stock, encoder passes, and whether the words are stock's."""
    torch.set_num_threads(1)
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        for size in sizes:
            lanes = _lanes(size, Path(directory))
            for _ in range(rounds + 1):  # the first warms up
                for lane in lanes:
                    lane.run()
            stock = lanes[0]
            rows += [
                {
                    "model": size,
                    "engine": lane.engine,
                    "precision": lane.precision,
                    "context": lane.context,
                    "cpu_ms": round(min(lane.cpu[1:]), 1),
                    "wall_ms": round(min(lane.wall[1:]), 1),
                    "cpu_ratio": round(min(stock.cpu[1:]) / min(lane.cpu[1:]), 2),
                    "wall_ratio": round(min(stock.wall[1:]) / min(lane.wall[1:]), 2),
                    "encoder_passes": lane.encodes[0],
                    "same_words": lane.text == stock.text,
                }
                for lane in lanes
            ]
    return rows


def random_checkpoint(path: Path, dimensions: ModelDimensions) -> None:
    """Weights whose greedy text neither ends nor repeats: the position decides the next token."""
    torch.manual_seed(0)
    model = openai_whisper.model.Whisper(dimensions)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=5.0)
    end = get_tokenizer(True, num_languages=model.num_languages).eot
    with torch.no_grad():
        model.decoder.token_embedding.weight[end] = 0
    torch.save({"dims": asdict(dimensions), "model_state_dict": model.state_dict()}, path)


def _lanes(size: str, directory: Path) -> list[Lane]:
    path = directory / f"{size}.pt"
    random_checkpoint(path, DIMENSIONS[size])
    noise = np.random.default_rng(0).standard_normal(SECONDS * SAMPLE_RATE) * 0.05
    samples: Samples = noise.astype(np.float32)
    lanes = [_stock(path, samples)]
    for name, precision, context in CONFIGURATIONS:
        engine = LOADERS[name].load(Source(size, str(path)), Machine("cpu", 1, precision, str(directory)))
        encodes = [0]
        lanes.append(Lane(name, precision, context, _ask(engine, samples, context, encodes), encodes))
    return lanes


def _stock(path: Path, samples: Samples) -> Lane:
    model = openai_whisper.load_model(str(path), device="cpu")
    encodes = [0]

    def count(*_: Any) -> None:
        encodes[0] += 1

    model.encoder.register_forward_hook(count)

    def ask() -> str:
        result = model.transcribe(
            samples, language=None, fp16=False, temperature=0, sample_len=TOKENS, without_timestamps=True
        )
        return SPECIAL.sub("", str(result["text"])).strip()

    return Lane("stock whisper", "exact", "full", ask, encodes)


def _ask(engine: Engine, samples: Samples, context: str, encodes: list[int]) -> Callable[[], str]:
    """What `driver.transcribe` does when its first attempt is good."""

    def ask() -> str:
        encoding = engine.encode(samples, guards.positions(len(samples), context, engine.full_positions))
        encodes[0] += 1
        language, _ = engine.detect_language(encoding)
        return engine.decode(encoding, Decode(language, "transcribe", 0.0, TOKENS)).text

    return ask


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as aligned text."""
    cells = [list(rows[0])] + [[str(value) for value in row.values()] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default="tiny,base")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    sys.stdout.write(table(measure(arguments.sizes.split(","), arguments.rounds)))


if __name__ == "__main__":
    main()
