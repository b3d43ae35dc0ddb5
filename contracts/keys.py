"""Redis keys, each built in one place, and how long each lives.

Session and utterance are joined with ':'; a session id never holds one (`secrets.token_urlsafe`).
"""

AUDIO_TTL_SECONDS = 3600
PARTIAL_TTL_SECONDS = 30
SESSION_TTL_SECONDS = 24 * 3600
RESULTS_MAXLEN = 100_000
"""Memory guard of the `results` stream; the listener's lag stays far below it."""


def session(session_id: str) -> str:
    """Hash: `seq` (number of the newest durable event), `created` (unix seconds)."""
    return f"session:{session_id}"


def events(session_id: str) -> str:
    """Stream of the session's durable events (entry id `{seq}-0`, field `body`) and, under the
    same name, the pub/sub channel that carries them and the hypotheses of its partials."""
    return f"sess:{session_id}"


def segment(session_id: str, utterance: int) -> str:
    """Hash of an accepted utterance: `request` (TranscribeTask JSON), `transcript` once known."""
    return f"segment:{session_id}:{utterance}"


def audio(session_id: str, utterance: int) -> str:
    """String: the utterance's samples, s16le mono 16 kHz."""
    return f"audio:{session_id}:{utterance}"


def partial_audio(session_id: str, utterance: int) -> str:
    """String: the newest unfinished audio of an utterance, s16le mono 16 kHz."""
    return f"partial:{session_id}:{utterance}"


def done(session_id: str, utterance: int, stage: str) -> str:
    """Mark that a stage's event of this utterance is committed; `stage` is transcript or result."""
    return f"done:{session_id}:{utterance}:{stage}"


def heartbeat(worker: str) -> str:
    """String: Heartbeat JSON of one worker process, with a TTL."""
    return f"hb:{worker}"


WORKERS = "workers"
"""Set: the names of all workers with a heartbeat, and of some that had one. Looking for `hb:*` instead
would read through every key: a second for the marks of some 150,000 utterances."""
