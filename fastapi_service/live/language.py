"""When a transcript settles the language of a whole session."""

from contracts.audio import SAMPLE_RATE
from contracts.messages import Transcript
from fastapi_service.live.rules import Rules


def certain_language(transcript: Transcript, rules: Rules) -> str | None:
    """Its language, if there was enough speech to tell and the engine was sure enough."""
    spoken = (transcript.end - transcript.start) * SAMPLE_RATE - rules.pre_roll - rules.post_roll
    sure = (transcript.language_probability or 0.0) >= rules.lock_probability
    enough = spoken >= rules.lock_speech and transcript.dropped is None
    return transcript.language if sure and enough else None
