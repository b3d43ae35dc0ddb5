"""What every session of this process shares; built in `main.create_app`."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from fastapi_service.dispatch import Dispatch
from fastapi_service.live.conversation import VoiceDetector
from fastapi_service.load import Load
from fastapi_service.probe import Probe
from fastapi_service.results import Results
from fastapi_service.sessions import Sessions
from fastapi_service.settings import Settings
from fastapi_service.workers import Workers


@dataclass(frozen=True)
class Ears:
    """`detector` makes one session's voice detector; `threads` is where it computes."""

    detector: Callable[[], VoiceDetector]
    threads: Executor


@dataclass(frozen=True)
class Patience:
    """How long things are waited for that nobody sets."""

    results_seconds: float = 600.0
    """After `stop`, for the results of what was said."""
    partial_seconds: float = 5.0
    """For the answer to a partial; then another one is asked for."""
    sign_of_life_seconds: float = 2.0
    """While nothing is read no ping is answered; a client that hears nothing for 3 s may go away."""
    last_words_seconds: float = 10.0
    """For what a client sent before it went away to be read and stored."""
    upload_seconds: float = 60.0
    """For the next `upload.LEAST_BYTES` of a recording."""


DEFAULT = Patience()


@dataclass(frozen=True)
class Gateway:
    settings: Settings
    dispatch: Dispatch
    results: Results
    workers: Workers
    ears: Ears
    patience: Patience
    probe: Probe
    sessions: Sessions
    load: Load
    connections: set[str] = field(default_factory=set)
    """The live sessions here, by their connections' names; a socket that has said nothing is none."""
    sockets: set[object] = field(default_factory=set)
    """Every open socket."""
