"""What partials cost: the CPU of all partials and the final of one utterance of 10 s, over the final's.

The questions are those that a Conversation really asks, each answered at once; the model has random
weights at base size and decodes four tokens a second of speech (as in `tests.bench.request`).
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from contracts.audio import SAMPLE_RATE, Samples, seconds
from contracts.messages import Hypothesis
from fastapi_service.live.conversation import Conversation, PartialDue, Utterance
from fastapi_service.voice import SileroDetector, load_silero
from stt_worker.engines import guards
from stt_worker.engines import openai_whisper as ours
from stt_worker.engines.protocol import Decode, Engine
from stt_worker.loading import Machine, Source
from tests.bench import request, speech
from tests.bench.row import Row, Scale

SECONDS = 10
SILENCE_SECONDS = 2
BLOCK = 1024
TOKENS_A_SECOND = 4
GOAL = 4.0


def measure(scale: Scale) -> list[Row]:
    partials, final = questions(_utterance())
    size = scale.sizes[-1]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"{size}.pt"
        request.random_checkpoint(path, request.DIMENSIONS[size])
        engine = ours.LOADER.load(Source(size, str(path)), Machine("cpu", 1, "exact", directory))
        _cpu(engine, final, "full")
        alone = min(_cpu(engine, final, "full") for _ in range(scale.rounds))
        questions_cpu = min(sum(_cpu(engine, one, "auto") for one in partials) for _ in range(scale.rounds))
    ratio = (alone + questions_cpu) / alone
    length = len(final) / SAMPLE_RATE
    return [
        Row(
            "partials",
            f"CPU of {len(partials)} partials and the final of an utterance of {length:.0f} s, over the final alone "
            f"({size} size)",
            f"{ratio:.1f}x ({1000 * alone:.0f} ms alone)",
            f"<= {GOAL:.0f}x",
            ratio <= GOAL,
            {
                "ratio": round(ratio, 2),
                "final_ms": round(1000 * alone, 1),
                "partials_ms": round(1000 * questions_cpu, 1),
                "partials": len(partials),
                "utterance_seconds": round(length, 2),
            },
        )
    ]


def questions(audio: Samples) -> tuple[Sequence[Samples], Samples]:
    """The partials asked for while this is spoken, and the first utterance it becomes."""
    conversation = Conversation(SileroDetector(load_silero()))
    partials: list[Samples] = []
    for at in range(0, len(audio), BLOCK):
        for signal in conversation.hear(audio[at : at + BLOCK]):
            if isinstance(signal, Utterance):
                return partials, signal.samples
            if isinstance(signal, PartialDue):
                partials.append(signal.samples)
                conversation.learn(Hypothesis("bench", signal.number, seconds(signal.end), "words"))
    raise RuntimeError("the recordings did not become an utterance")


def _utterance() -> Samples:
    """Ten seconds without a pause that would end an utterance, then silence."""
    silence = np.zeros(SILENCE_SECONDS * SAMPLE_RATE, np.float32)
    return np.concatenate([speech.run_on(SECONDS), silence])


def _cpu(engine: Engine, samples: Samples, context: str) -> float:
    """Seconds of CPU for one request whose first attempt is good and whose language is known."""
    began = time.process_time()
    encoding = engine.encode(samples, guards.positions(len(samples), context, engine.full_positions))
    tokens = round(TOKENS_A_SECOND * len(samples) / SAMPLE_RATE)
    engine.decode(encoding, Decode("en", "transcribe", 0.0, tokens))
    return time.process_time() - began
