"""Settings of the speech worker, read once in `app`."""

from dataclasses import dataclass

from contracts.env import setting


@dataclass(frozen=True)
class Settings:
    redis_url: str = setting(
        "REDIS_URL",
        "redis://localhost:6379/0",
        "Redis: broker, audio and results.",
        schemes=("redis", "rediss", "sentinel"),
    )
    broker_url: str = setting(
        "BROKER_URL",
        "",
        "Where the queues are: empty for that Redis, or sqs://PREFIX (docs/broker.md).",
        schemes=("sqs",),
    )
    log_level: str = setting(
        "LOG_LEVEL", "INFO", "Least severe level that is logged.", choices=("DEBUG", "INFO", "WARNING", "ERROR")
    )
    engine: str = setting(
        "STT_ENGINE", "openai-whisper", "Code that runs the speech model.", choices=("openai-whisper", "faster-whisper")
    )
    model: str = setting("WHISPER_MODEL", "base", "Speech model: a name (downloaded once) or the path of a checkpoint.")
    device: str = setting("STT_DEVICE", "auto", "Where the speech model runs.", choices=("auto", "cpu", "cuda"))
    context: str = setting(
        "STT_CONTEXT",
        "full",
        "What final texts are computed from: full (padded to 30 s, as the models were trained) or auto (real length; "
        "always so with the shipped model).",
        choices=("full", "auto"),
    )
    precision: str = setting(
        "STT_PRECISION",
        "exact",
        "exact keeps 32-bit weights; fast uses 8-bit and bfloat16 ones where this CPU gains by them.",
        choices=("exact", "fast"),
    )
    threads: int = setting("STT_THREADS", 1, "Threads of one speech worker.", minimum=1, maximum=256)
    model_dir: str = setting("MODEL_DIR", "", "Where downloaded models are kept; empty: each library's own cache.")
    demo_models: str = setting(
        "DEMO_MODELS",
        "never",
        "Use the small shipped models: never, always, or auto (when the real ones cannot be downloaded).",
        choices=("never", "always", "auto"),
    )
    task_deadline_seconds: float = setting(
        "STT_DEADLINE_SECONDS",
        120.0,
        "A worker that has had one utterance for so long ends itself; another one gets it.",
        minimum=5,
    )
    heartbeat_file: str = setting("HEARTBEAT_FILE", "", "File renewed every 2 s for health checks; empty: none.")
