"""The gateway's settings, read once in `__main__`."""

from dataclasses import dataclass

from contracts.env import setting


@dataclass(frozen=True)
class Settings:
    redis_url: str = setting(
        "REDIS_URL",
        "redis://localhost:6379/0",
        "Redis that every service shares",
        schemes=("redis", "rediss", "sentinel"),
    )
    log_level: str = setting("LOG_LEVEL", "INFO", "how much is logged", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    host: str = setting("HOST", "127.0.0.1", "address to listen on; 0.0.0.0 for every network interface")
    port: int = setting("PORT", 8000, "port to listen on; 0 takes a free one", minimum=0, maximum=65535)
    max_sessions: int = setting("MAX_SESSIONS", 50, "live sessions at a time; more are refused with 1013", minimum=1)
    max_wait_seconds: float = setting(
        "MAX_WAIT_SECONDS",
        10.0,
        "speech that waits longer for its words: new sessions are refused with 1013",
        minimum=1,
    )
    max_frame_bytes: int = setting(
        "MAX_FRAME_BYTES", 262_144, "largest message a client may send", minimum=1024, maximum=16_777_216
    )
    max_lead_seconds: float = setting(
        "MAX_LEAD_SECONDS",
        60.0,
        "speech received whose words are not out yet; beyond it the sender is slowed down",
        minimum=1,
    )
    send_timeout_seconds: float = setting(
        "SEND_TIMEOUT_SECONDS", 10.0, "a client that reads nothing for so long is closed with 4008", minimum=0.1
    )
    partials: bool = setting("PARTIALS", True, "show words while they are spoken; costs about as much as the finals")
