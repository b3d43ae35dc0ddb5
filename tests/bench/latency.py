"""End of speech to transcript and to result, with its parts, on the real processes of the Procfile."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench import speech
from tests.bench.parts import NAMES, Parts, parts
from tests.bench.percentile import p50_p95
from tests.bench.row import Row, Scale
from tests.bench.talker import converse
from tests.processes import Pipeline

OVERHEAD_P50_MS, OVERHEAD_P95_MS = 20, 60


def measure(scale: Scale) -> list[Row]:
    """The first sentence only warms up."""
    with tempfile.TemporaryDirectory() as directory, Pipeline(Path(directory)) as pipeline:
        seen, ready = asyncio.run(converse(pipeline.ws_url, speech.sentences(scale.sentences + 1)))
    measured = [parts(one) for one in seen[1:] if one.result.text]
    settings = {name: ready[name] for name in ("engine", "model", "sentiment_model")}
    return rows(measured, {**settings, "silent_utterances": len(seen) - 1 - len(measured)})


def rows(measured: Sequence[Parts], settings: dict[str, object]) -> list[Row]:
    """Pure: the table's lines for what was measured."""
    overhead = p50_p95([one.overhead for one in measured])
    return [
        _row("transcript", "end of speech -> transcript at the client", [m.to_transcript for m in measured], settings),
        _row("result", "end of speech -> result at the client", [m.to_result for m in measured], settings),
        *(_row(f"result.{name}", f"- {what}", [m.spent[name] for m in measured], {}) for name, what in NAMES.items()),
        _row(
            "transcript.fan_out",
            "fan-out of the transcript: commit -> client",
            [m.transcript_fan_out for m in measured],
            {},
        ),
        Row(
            "overhead",
            "pipeline overhead: end of speech -> result, without endpoint wait and inference",
            _shown(overhead),
            f"p50 <= {OVERHEAD_P50_MS} ms, p95 <= {OVERHEAD_P95_MS} ms",
            overhead["p50"] <= OVERHEAD_P50_MS and overhead["p95"] <= OVERHEAD_P95_MS,
            {**overhead, "all_ms": [round(m.overhead, 1) for m in measured]},
        ),
    ]


def _row(name: str, what: str, values: Sequence[float], settings: dict[str, object]) -> Row:
    figures = p50_p95(values)
    return Row(name, what, _shown(figures), figures={**figures, **settings})


def _shown(figures: dict[str, float]) -> str:
    return f"{figures['p50']:.1f} / {figures['p95']:.1f} ms"
