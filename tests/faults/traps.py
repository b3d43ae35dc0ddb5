"""Where a worker can be made to die or to stop: between two of its own steps, armed by a file.

`spring` runs in the worker's process, `arm` in the harness. A file, because it must work while Redis
is what fails. Each trap springs once.
"""

import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SETTING = "FAULTS_TRAPS"

POPPED = "popped"
"""Taken from the queue by BRPOP and in no key of Redis: kombu writes it to `unacked` next."""
CLAIMED = "claimed"
"""The ledger knows who has it, nothing is done yet."""
UNDERSTOOD = "understood"
"""The transcript is committed, the analyzer was not told."""
FINISHED = "finished"
"""Committed and handed on (or the result committed); the broker was not told."""

STT_POINTS = (POPPED, CLAIMED, UNDERSTOOD, FINISHED)
ANALYZER_POINTS = (POPPED, CLAIMED, FINISHED)

ACTIONS = {"kill": signal.SIGKILL, "terminate": signal.SIGTERM, "stop": signal.SIGSTOP}


@dataclass(frozen=True)
class Sprung:
    at: float
    point: str
    about: str


@dataclass(frozen=True)
class Traps:
    """Of one process: a folder with a file per armed point, and the list of those that sprang."""

    folder: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Traps":
        return cls(Path(environ[SETTING]))

    def arm(self, point: str, action: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f"{point}.new"
        new.write_text(action)
        new.replace(self.folder / point)

    def disarm(self, point: str) -> None:
        (self.folder / point).unlink(missing_ok=True)

    def spring(self, point: str, about: str) -> None:
        """Die or stop here if that is armed; `about` names the utterance in hand."""
        path = self.folder / point
        try:
            action = path.read_text()
            path.unlink()
        except FileNotFoundError:
            return
        with self._record.open("a") as record:
            record.write(json.dumps([time.time(), point, about]) + "\n")
        os.kill(os.getpid(), ACTIONS[action])

    def sprung(self) -> list[Sprung]:
        if not self._record.exists():
            return []
        return [Sprung(*json.loads(line)) for line in self._record.read_text().splitlines()]

    @property
    def _record(self) -> Path:
        return self.folder / "sprung.jsonl"
