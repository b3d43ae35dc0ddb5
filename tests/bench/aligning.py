"""Word times: what they cost beside the text alone, and how far off they are.

The cost is that of 6 s and 24 tokens on random weights at true size (as in `tests.bench.request`), in CPU time,
with and without in turns. How far off: the shipped model on the recordings, whose words have known beginnings.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from contracts.audio import Samples
from stt_worker import choose, models
from stt_worker.engines import driver, guards, loudness
from stt_worker.engines.protocol import Decode, Engine, Options, Piece
from stt_worker.loading import Machine, Source
from tests.bench import request, speech
from tests.bench.row import Row, Scale
from tests.speech import FOLDER, clips

PIECES = [Piece(1000 + number, b" word") for number in range(request.TOKENS)]
HOW = Decode("en", "transcribe", 0.0, request.TOKENS)


def measure(scale: Scale) -> list[Row]:
    size = scale.sizes[-1]
    costs: dict[str, dict[str, float]] = {}
    errors: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"{size}.pt"
        request.random_checkpoint(path, request.DIMENSIONS[size])
        for name in sorted(choose.installed()):
            loader = choose.loader(choose.choose(name, {name}))
            machine = Machine("cpu", 1, "exact", directory)
            large = loader.load(Source(size, str(path)), machine)
            for context in ("full", "auto"):
                costs[f"{name} {context}"] = _cost(large, speech.run_on(request.SECONDS), context, scale.rounds)
            errors[name] = _errors(loader.load(models.demo(models.SHIPPED), machine))
    return [_cost_row(costs, size), _error_row(errors)]


def _cost(engine: Engine, samples: Samples, context: str, rounds: int) -> dict[str, float]:
    """Milliseconds of CPU for the text and, beyond it, for the times of its words; the least of each."""
    text, words = [], []
    for _ in range(rounds + 1):  # the first warms up
        began = time.process_time()
        encoding = engine.encode(samples, guards.positions(len(samples), context, engine.full_positions))
        engine.decode(encoding, HOW)
        heard = time.process_time()
        engine.align(encoding, HOW, PIECES, loudness.loud(samples))
        text.append(1000 * (heard - began))
        words.append(1000 * (time.process_time() - heard))
    return {"text_ms": round(min(text[1:]), 2), "words_ms": round(min(words[1:]), 2)}


def _errors(engine: Engine) -> list[float]:
    """Seconds between when each word of the recordings began and when it is said to."""
    known = json.loads((FOLDER / "words.json").read_text())
    errors = []
    for clip, samples in zip(clips(), speech.sentences(len(clips())), strict=True):
        words = driver.transcribe(engine, samples, Options("en", context="auto", words=True)).words or ()
        errors += [abs(w.start - at) for w, at in zip(words, known[clip.file], strict=False) if at is not None]
    return errors


def _cost_row(costs: dict[str, dict[str, float]], size: str) -> Row:
    more = {name: cost["words_ms"] / cost["text_ms"] for name, cost in costs.items()}
    return Row(
        "word_times.cost",
        f"word times of a {request.SECONDS} s request ({size} size, {len(PIECES)} tokens): CPU beyond that of the text",
        ", ".join(f"{name} +{100 * share:.0f} %" for name, share in more.items()),
        figures=dict(costs),
    )


def _error_row(errors: dict[str, list[float]]) -> Row:
    def told(seconds: Sequence[float]) -> str:
        return f"{1000 * statistics.median(seconds):.0f} / {1000 * statistics.mean(seconds):.0f} ms"

    return Row(
        "word_times.error",
        f"beginning of a word, how far off: median / mean of {max(map(len, errors.values()))} words (shipped model)",
        ", ".join(f"{name} {told(seconds)}" for name, seconds in errors.items()),
        figures={name: [round(error, 3) for error in seconds] for name, seconds in errors.items()},
    )
