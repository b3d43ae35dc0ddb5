"""The transport of the workers with a trap in kombu's hole: a message that was popped and not yet noted."""

import os
from typing import Any

from contracts import transport
from tests.faults.traps import POPPED, Traps

TRANSPORT = "tests.faults.holed:Transport"
FINAL_TASKS = ("stt-", "an-")
"""How the ids of tasks begin that somebody was promised a result for."""


class Transport(transport.Transport):
    def _deliver(self, message: Any, queue: str) -> None:
        task = str((message.get("headers") or {}).get("id"))
        if task.startswith(FINAL_TASKS):
            Traps.of(os.environ).spring(POPPED, task)
        super()._deliver(message, queue)
