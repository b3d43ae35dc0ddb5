"""What every session of this process shares; built in `main.create_app`."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from fastapi_service.dispatch import Dispatch
from fastapi_service.live.conversation import VoiceDetector
from fastapi_service.results import Results
from fastapi_service.settings import Settings
from fastapi_service.workers import Workers


@dataclass(frozen=True)
class Ears:
    """`detector` makes one session's voice detector; `threads` is where it computes."""

    detector: Callable[[], VoiceDetector]
    threads: Executor


@dataclass(frozen=True)
class Gateway:
    settings: Settings
    dispatch: Dispatch
    results: Results
    workers: Workers
    ears: Ears
    sessions: set[str] = field(default_factory=set)
    """Ids of the live sessions here; a socket that has said nothing is none."""
