"""Every code with which the speech worker fails an utterance, and what it means.

docs/protocol.md quotes this table; a code is spelled nowhere else.
"""

from contracts.names import GAVE_UP

AUDIO_MISSING = "audio_missing"
AUDIO_CHANGED = "audio_changed"
AUDIO_TOO_LARGE = "audio_too_large"
AUDIO_TOO_LONG = "audio_too_long"
NO_AUDIO = "no_audio"
BAD_TASK = "bad_task"
UNSUPPORTED_LANGUAGE = "unsupported_language"
UNSUPPORTED_TASK = "unsupported_task"
TRANSCRIPT_UNREADABLE = "transcript_unreadable"
TRANSCRIPTION_FAILED = "transcription_failed"

CODES = {
    AUDIO_MISSING: "The utterance's audio is not in Redis: it expired or was never stored.",
    AUDIO_CHANGED: "The audio is not what was announced: its length, its hash or its encoding differs.",
    AUDIO_TOO_LARGE: "The task carries more audio inline than it may.",
    AUDIO_TOO_LONG: "The utterance is longer than a speech model can take at once.",
    NO_AUDIO: "The utterance holds no samples.",
    BAD_TASK: "The worker got a task that it cannot read.",
    UNSUPPORTED_LANGUAGE: "The speech model does not know the language that was chosen.",
    UNSUPPORTED_TASK: "The speech model cannot translate: it knows English only.",
    TRANSCRIPT_UNREADABLE: "The utterance's transcript was stored in a form that this worker cannot read.",
    TRANSCRIPTION_FAILED: "The speech model failed in a way nobody foresaw; the worker's log says how.",
    GAVE_UP: "It was started three times and never finished; it is kept as a dead letter.",
}
