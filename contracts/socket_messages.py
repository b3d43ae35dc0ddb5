"""What only a client's socket carries, as frozen dataclasses (see `contracts.messages`). The gateway
sends the durable events of that file besides.
"""

from dataclasses import dataclass

from contracts.messages import Error, Result, Transcript
from contracts.names import PROTOCOL_VERSION

# --- client to gateway ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    """First message of a session, optional: binary audio alone starts one with these defaults.

    `format` is f32le or s16le, `sample_rate` 8000-96000 Hz, `language` an ISO 639-1 code or null
    for automatic, `task` transcribe or translate (to English), `words`: also say when each word was
    spoken. To go on with a session on a new connection: its `session` and `key` from `ready`, and
    `after`, the last `seq` seen (0: none).
    """

    version: int = PROTOCOL_VERSION
    sample_rate: int = 16_000
    format: str = "f32le"
    language: str | None = None
    task: str = "transcribe"
    partials: bool = True
    words: bool = False
    session: str | None = None
    key: str | None = None
    after: int | None = None


@dataclass(frozen=True)
class Stop:
    """Flush: what was said becomes final, then `done`, then the server closes with 1000."""


@dataclass(frozen=True)
class Ping:
    id: int | None = None


# --- gateway to client ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Limits:
    """What the gateway takes from one client, so that clients need not guess."""

    max_frame_bytes: int
    max_lead_seconds: float
    max_utterance_seconds: float


@dataclass(frozen=True)
class Ready:
    """Send audio from sample number `samples` on. Here, in `accepted` and in `done` samples are
    counted at the client's own rate, `sample_rate`, so that it drops its own buffer without
    arithmetic. `engine` and the models are empty while no worker runs; `demo_models` is true
    while the small shipped models stand in for real ones. `key` is the secret that `start` must
    name to resume this session; it appears nowhere else."""

    session: str
    samples: int
    sample_rate: int
    engine: str
    model: str
    sentiment_model: str
    demo_models: bool
    resumed: bool
    limits: Limits
    key: str = ""
    version: int = PROTOCOL_VERSION


@dataclass(frozen=True)
class Accepted:
    """Every sample before number `samples` (at `Ready.sample_rate`, rounded down) is durable or
    known to be silence; the client may drop it. Repeated while the server takes no audio."""

    session: str
    samples: int


@dataclass(frozen=True)
class Pong:
    session: str | None
    id: int | None


@dataclass(frozen=True)
class Partial:
    """Words so far: `stable` is never taken back while the utterance lives, `tail` may change."""

    session: str
    utterance: int
    start: float
    end: float
    stable: str
    tail: str


@dataclass(frozen=True)
class Done:
    """Everything said has had its result; the server closes after this."""

    session: str
    samples: int
    utterances: int


FROM_CLIENT = (Start, Stop, Ping)
TO_CLIENT = (Ready, Accepted, Pong, Partial, Transcript, Result, Error, Done)
