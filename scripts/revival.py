"""Which process that ended by itself is started again: every one, once all had worked, unless it keeps ending.

honcho stops everything when one process ends. Its loop reads `events`; this stands in for that queue
and turns the news of an end into the news of a new beginning.
"""

import datetime
import multiprocessing
import time
from collections import defaultdict, deque
from typing import Any, Protocol

from honcho.printer import Message  # type: ignore[import-untyped]  # ships no type information

MOST_STARTS = 20
"""Two utterances that each crash a worker three times must not end everything."""
WITHIN_SECONDS = 120.0


class Starter(Protocol):
    """The part of a supervisor that a revival needs."""

    def may_revive(self) -> bool: ...

    def start_again(self, name: str) -> None: ...


class Revival:
    """`events` is the queue that the processes write to."""

    def __init__(self, events: "multiprocessing.Queue[Any]", starter: Starter, own_name: str) -> None:
        self._events = events
        self._starter = starter
        self._own_name = own_name
        self._starts: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_STARTS))

    def put(self, message: Any) -> None:
        self._events.put(message)

    def get(self, timeout: float) -> Any:
        """The next message; raises queue.Empty after `timeout`."""
        message = self._events.get(timeout=timeout)
        if message.type != "stop" or not self._starter.may_revive() or self._too_often(message.name):
            return message
        self._starter.start_again(message.name)
        text = f"{message.name} ended by itself (status {message.data['returncode']}) and is started again."
        return Message("line", text, datetime.datetime.now(), self._own_name, None)

    def _too_often(self, name: str) -> bool:
        """Note one more end; whether there were MOST_STARTS before it within WITHIN_SECONDS."""
        starts, now = self._starts[name], time.monotonic()
        if len(starts) == MOST_STARTS and now - starts[0] < WITHIN_SECONDS:
            return True
        starts.append(now)
        return False
