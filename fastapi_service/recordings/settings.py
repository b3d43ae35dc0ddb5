"""Settings of the recordings worker, read once in `app.py`, and of the conductor, in `conductor.py`."""

from dataclasses import dataclass

from contracts.env import setting
from fastapi_service.settings import Shared, Webhooks


@dataclass(frozen=True)
class Beating(Shared):
    heartbeat_file: str = setting("HEARTBEAT_FILE", "", "File renewed every 2 s for health checks; empty: none.")


@dataclass(frozen=True)
class Conducting(Beating, Webhooks):
    """All that the conductor is told."""


@dataclass(frozen=True)
class Settings(Beating):
    prepare_deadline_seconds: float = setting(
        "PREPARE_DEADLINE_SECONDS", 900.0, "a recording that is decoded for longer ends its worker", minimum=1
    )
