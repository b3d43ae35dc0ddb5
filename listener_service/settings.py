"""Settings of the processes of this folder: the listener's are read once in `__main__.py`, the
sweeper's in `sweeper.py`, the exporter's in `exporter.py`."""

from dataclasses import dataclass

from contracts.env import setting


@dataclass(frozen=True)
class Shared:
    """What all of them need."""

    redis_url: str = setting(
        "REDIS_URL", "redis://localhost:6379/0", "The one Redis of the system.", schemes=("redis", "rediss", "sentinel")
    )
    log_level: str = setting(
        "LOG_LEVEL", "INFO", "How much to log.", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    )


@dataclass(frozen=True)
class Queues(Shared):
    """What has to do with Celery's queues."""

    broker_url: str = setting(
        "BROKER_URL",
        "",
        "Where the queues are: empty for that Redis, or sqs://PREFIX (docs/broker.md).",
        schemes=("sqs",),
    )


@dataclass(frozen=True)
class Beating(Shared):
    """What has a heartbeat."""

    heartbeat_file: str = setting("HEARTBEAT_FILE", "", "File renewed every 2 s for health checks; empty: none.")


@dataclass(frozen=True)
class Sweeper(Beating, Queues):
    """The sweeper's."""


@dataclass(frozen=True)
class Exporter(Queues):
    host: str = setting("METRICS_HOST", "127.0.0.1", "Address at which the numbers for Prometheus are served.")
    port: int = setting("METRICS_PORT", 9300, "Port of the same.", minimum=1, maximum=65535)


@dataclass(frozen=True)
class Settings(Beating):
    """The listener's."""

    result_log: str = setting("RESULT_LOG", "logs/result_listener.log", "File that gets one line per result.")
    max_bytes: int = setting(
        "RESULT_LOG_MAX_BYTES", 10 * 1024 * 1024, "Size at which RESULT_LOG is rotated; 0 never rotates.", minimum=0
    )
    backups: int = setting(
        "RESULT_LOG_BACKUPS", 5, "How many rotated files (.1 is the newest) are kept.", minimum=0, maximum=1000
    )
    statistics_seconds: float = setting(
        "STATISTICS_SECONDS", 60, "How often statistics are written while results come; 0: only at exit.", minimum=0
    )
