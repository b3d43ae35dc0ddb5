"""Settings of the listener, read once in `__main__.py`."""

from dataclasses import dataclass

from contracts.env import setting


@dataclass(frozen=True)
class Settings:
    redis_url: str = setting(
        "REDIS_URL", "redis://localhost:6379/0", "The one Redis of the system.", schemes=("redis", "rediss")
    )
    log_level: str = setting(
        "LOG_LEVEL", "INFO", "How much to log.", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    )
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
