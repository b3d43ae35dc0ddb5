"""What crosses a process, as frozen dataclasses; `contracts.codec` makes the JSON. Here is what services
write for each other; what only a client's socket carries is in `contracts.socket_messages`, what only
recordings need in `contracts.job_messages`.

Nothing else crosses. A field added here shows up on the wire by itself; its golden file in
`tests/contract/golden/` must be changed with it. Times: `start`/`end` are seconds of audio since
the session's first sample; `*_at` are unix seconds; `*_ms` are milliseconds.
"""

from dataclasses import dataclass, field

# --- durable events, also gateway to client --------------------------------------------------------


@dataclass(frozen=True)
class Timings:
    """Where the time of one utterance went; a stage that did not run is null.

    endpoint: last voiced sample -> accepted; *_queue: sent -> started; total: last voiced sample
    -> result committed. Clocks of several machines are compared, so negative skew is clamped to 0.
    """

    endpoint_ms: float | None = None
    stt_queue_ms: float | None = None
    stt_ms: float | None = None
    analyzer_queue_ms: float | None = None
    analyzer_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True)
class Sentiment:
    """`score` = p(positive) - p(negative), in -1..1; neutral inside +-1/3. `label` is null, with
    the `reason`, when the model cannot judge the text."""

    label: str | None
    score: float | None
    scores: dict[str, float]
    model: str
    reason: str | None = None


@dataclass(frozen=True)
class Word:
    """A word with its punctuation; `start` and `end` in session seconds, `probability` that of its
    tokens on average, 0..1."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Transcript:
    """Final text of one utterance; replaces its partials.

    `confidence` is exp(mean token log-probability), 0..1. `dropped` says why a filter emptied the
    text (no_speech, repetition, hallucination, ...), null when nothing was dropped. `words` is null
    when nobody asked, empty when there are none or their times cannot be told.
    """

    session: str
    utterance: int
    start: float
    end: float
    text: str
    language: str | None
    language_probability: float | None
    confidence: float | None
    engine: str
    model: str
    task: str = "transcribe"
    dropped: str | None = None
    words: list[Word] | None = None
    trace: str = ""
    at: float = 0.0
    timings: Timings = field(default_factory=Timings)
    seq: int | None = None


@dataclass(frozen=True)
class Result:
    """The analysed utterance; also what `result_channel` carries."""

    session: str
    utterance: int
    start: float
    end: float
    text: str
    language: str | None
    confidence: float | None
    sentiment: Sentiment
    engine: str
    model: str
    task: str = "transcribe"
    dropped: str | None = None
    words: list[Word] | None = None
    trace: str = ""
    at: float = 0.0
    timings: Timings = field(default_factory=Timings)
    seq: int | None = None


@dataclass(frozen=True)
class Error:
    """Every failure, in words a person can act on. With `utterance` it is durable, has a `seq`
    and takes the place of that utterance's result. `stage` is gateway, stt or analyzer.
    `retry_after`: seconds after which it is worth trying again, where they can be told."""

    session: str | None
    code: str
    message: str
    retryable: bool = False
    stage: str = "gateway"
    utterance: int | None = None
    start: float | None = None
    end: float | None = None
    trace: str = ""
    at: float = 0.0
    retry_after: float | None = None
    seq: int | None = None


# --- between services ------------------------------------------------------------------------------


@dataclass(frozen=True)
class TranscribeTask:
    """Argument `message` of `stt_worker.transcribe_audio`: the claim check for one utterance.

    `audio_key` names `audio_bytes` bytes of s16le mono 16 kHz in Redis whose SHA-256 is
    `audio_sha256`; instead, `audio_base64` may hold up to 64 kB of the same inline. `kind` is
    final, partial or probe. `language` is null for automatic. `start`/`end` in session seconds,
    `speech_seconds` of it voiced. `spoken_at`: when the last voiced sample reached the gateway.
    `words`: also tell the time of each word. `retry_seconds`: a failed attempt is made again after
    so long, as often as `ledger.MOST_STARTS` allows; 0: its failure is its end.
    """

    session: str
    utterance: int
    kind: str = "final"
    audio_key: str | None = None
    audio_bytes: int = 0
    audio_sha256: str | None = None
    audio_base64: str | None = None
    start: float = 0.0
    end: float = 0.0
    speech_seconds: float = 0.0
    language: str | None = None
    task: str = "transcribe"
    words: bool = False
    retry_seconds: float = 0.0
    trace: str = ""
    spoken_at: float = 0.0
    accepted_at: float = 0.0
    sent_at: float = 0.0


@dataclass(frozen=True)
class AnalyzeTask:
    """Argument `message` of `analyzer_worker.analyze_text`: a committed transcript. `spoken_at` is
    the one of its TranscribeTask: what `Timings.total_ms` is counted from; 0 when unknown.
    `retry_seconds` as there."""

    transcript: Transcript
    retry_seconds: float = 0.0
    spoken_at: float = 0.0
    sent_at: float = 0.0


@dataclass(frozen=True)
class Hypothesis:
    """A worker's answer to a partial request; published to the session's channel, not durable.
    `text` is null when the worker skipped it (superseded or stale)."""

    session: str
    utterance: int
    end: float
    text: str | None
    language: str | None = None
    language_probability: float | None = None
    stt_ms: float | None = None


@dataclass(frozen=True)
class TakenOver:
    """Published to a session's channel: connection `owner` has resumed it, any other is to end."""

    session: str
    owner: str


@dataclass(frozen=True)
class Heartbeat:
    """What a process says of itself in `hb:{worker}`; `state` is loading, ready or failed, and
    `reason` says in words why it failed. `busy_since`: unix seconds, while a task is in hand."""

    worker: str
    service: str
    state: str
    model: str = ""
    engine: str = ""
    demo_models: bool = False
    reason: str | None = None
    since: float = 0.0
    device: str = ""
    busy_since: float | None = None


EVENTS = (Transcript, Result, Error)
BETWEEN_SERVICES = (TranscribeTask, AnalyzeTask, Hypothesis, TakenOver, Heartbeat)
