"""The gateway's settings, read once in `__main__`, and what it shares with the processes of `recordings`."""

from dataclasses import dataclass

from contracts.env import setting


@dataclass(frozen=True)
class Shared:
    redis_url: str = setting(
        "REDIS_URL",
        "redis://localhost:6379/0",
        "Redis that every service shares",
        schemes=("redis", "rediss", "sentinel"),
    )
    broker_url: str = setting(
        "BROKER_URL",
        "",
        "where the queues are: empty for that Redis, or sqs://PREFIX (docs/broker.md)",
        schemes=("sqs",),
    )
    log_level: str = setting("LOG_LEVEL", "INFO", "how much is logged", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    storage_url: str = setting(
        "STORAGE_URL",
        ".run/recordings",
        "where uploaded recordings are kept: a folder, or s3://bucket/prefix (docs/storage.md)",
    )
    max_recording_hours: float = setting(
        "MAX_RECORDING_HOURS", 4.0, "longest recording that is taken", minimum=0.01, maximum=12
    )
    result_ttl_seconds: int = setting(
        "RESULT_TTL_SECONDS", 3600, "how long a recording's result is kept after its end", minimum=10
    )


@dataclass(frozen=True)
class Webhooks:
    webhook_hosts: str = setting(
        "WEBHOOK_HOSTS", "", "hosts that webhooks may go to, with commas (docs/webhooks.md); empty: no webhooks"
    )
    webhook_secret: str = setting(
        "WEBHOOK_SECRET", "", "what webhooks are signed with: whsec_ and 24 to 64 bytes in base64", secret=True
    )


@dataclass(frozen=True)
class Settings(Shared, Webhooks):
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
    max_upload_bytes: int = setting(
        "MAX_UPLOAD_BYTES", 2_147_483_648, "largest recording that may be uploaded", minimum=1024
    )
    max_jobs: int = setting(
        "MAX_JOBS", 1000, "recordings kept at a time, finished ones too; more are refused with 429", minimum=1
    )
    max_jobs_per_owner: int = setting(
        "MAX_JOBS_PER_OWNER", 250, "of those one caller's; more of that one are refused with 429", minimum=1
    )
    max_followers: int = setting(
        "MAX_FOLLOWERS",
        100,
        "connections of one gateway that follow or await recordings; more are refused with 503",
        minimum=1,
    )
    job_retry_seconds: float = setting(
        "JOB_RETRY_SECONDS", 60.0, "a recording's failed attempt is made again after so long, twice", minimum=0.1
    )
