"""What voice detection and cutting cost the gateway per stream, without network and threads."""

import statistics
import time

from contracts.audio import SAMPLE_RATE, Samples
from fastapi_service.live.conversation import Conversation, PartialDue, VoiceDetector
from fastapi_service.voice import SileroDetector, load_silero
from tests.bench import speech
from tests.bench.row import Row, Scale

BLOCK = 1024
PAUSE_SECONDS = 1.0
GOAL_PERCENT = 1.5


def measure(scale: Scale) -> list[Row]:
    audio = speech.talk(scale.hearing_seconds, PAUSE_SECONDS)
    model = load_silero()
    hear(SileroDetector(model), audio[: 2 * SAMPLE_RATE])
    rounds = [hear(SileroDetector(model), audio) for _ in range(scale.rounds)]
    low, median = min(rounds), statistics.median(rounds)
    return [
        Row(
            "voice_detection",
            "voice detection per stream: process CPU time of Conversation.hear, 1024 samples at a time",
            f"{low:.2f} % of a core (median {median:.2f} %)",
            f"<= {GOAL_PERCENT} %",
            median <= GOAL_PERCENT,
            {"min_percent": round(low, 3), "median_percent": round(median, 3), "seconds": scale.hearing_seconds},
        )
    ]


def hear(detector: VoiceDetector, audio: Samples) -> float:
    """Percent of one core that this audio takes as it is spoken."""
    conversation = Conversation(detector)
    began = time.process_time()
    for at in range(0, len(audio), BLOCK):
        signals = conversation.hear(audio[at : at + BLOCK])
        if signals and isinstance(signals[-1], PartialDue):
            conversation.give_up_partial()  # so that the next one is prepared too
    return 100 * (time.process_time() - began) / (len(audio) / SAMPLE_RATE)
