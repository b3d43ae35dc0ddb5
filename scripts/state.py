"""What `make run` tells other commands, in .run/state.json (or RUN_DIR's): where the running pipeline is.

The process that runs it holds a lock on the file, so that a file left by a killed one says nothing.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from scripts.procfile import ROOT

LOOKS = 10


def run_directory() -> Path:
    """Where this checkout keeps what only matters while it runs."""
    return ROOT / (os.environ.get("RUN_DIR") or ".run")


def state_path() -> Path:
    return run_directory() / "state.json"


@dataclass(frozen=True)
class State:
    pid: int
    url: str
    health_url: str
    result_log: str


@contextlib.contextmanager
def held(state: State, path: Path) -> Iterator[None]:
    """Others see `state` until the block ends. Raises BlockingIOError when another one is held."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        _lock(file)
        file.truncate(0)
        file.write(json.dumps(dataclasses.asdict(state)))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _lock(file: TextIO) -> None:
    """Raises BlockingIOError when it stays taken; `load` takes it too, for a moment."""
    for _ in range(LOOKS):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.02)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def load(path: Path) -> State | None:
    """The pipeline that runs; None when none does."""
    try:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:  # somebody holds it, so what is read now is theirs
                text = file.read()
                return State(**json.loads(text)) if text else None
    except FileNotFoundError:
        return None
    return None
