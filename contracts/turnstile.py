"""Takes one message at a time from several queues that can only be asked over the network, the first queue's first.

For a broker that knows no order among queues and gives a message to whoever has asked: every queue has a
thread that asks for one message while the worker is free. A queue is asked at once first, then waited at.
The worker gets what a later queue has only when every earlier one has said that it has nothing. What
arrives while the worker is busy (an answer that was under way) is put back for others, at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)

Message = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """How a queue is asked: `ask(queue, wait)` gives a message or None, at once or after waiting for one;
    `put_back(queue, message)` lets others have it. Both may raise anything, from any thread."""

    ask: Callable[[str, bool], Message | None]
    put_back: Callable[[str, Message], None]


@dataclass
class _Queue:
    """`passed`: it has nothing at this moment, as far as is known, or cannot be asked."""

    passed: bool = False
    message: Message | None = None


class Turnstile:
    """`queues` in the order of their importance; one that gives no answer is asked again after `away_seconds`."""

    def __init__(self, queues: Sequence[str], door: Door, away_seconds: float = 1.0) -> None:
        self._door = door
        self._away_seconds = away_seconds
        self._changed = threading.Condition()
        self._queues = {name: _Queue() for name in queues}
        self._free = False
        self._closed = False
        self._away = False
        self._threads = [
            threading.Thread(target=self._ask_on, args=(name,), name=f"ask {name}", daemon=True) for name in queues
        ]
        for thread in self._threads:
            thread.start()

    def take(self, seconds: float) -> tuple[str, Message] | None:
        """The next message and its queue; the worker is busy from then on, until it asks for another. None when
        nothing has come by then."""
        with self._changed:
            self._free = not self._closed
            self._changed.notify_all()
            self._changed.wait_for(self._next, seconds)
            name = self._next()
            if name is None:
                return None
            self._free = False
            taken, self._queues[name].message = self._queues[name].message, None
            self._changed.notify_all()
        return (name, taken) if taken is not None else None

    def close(self, seconds: float) -> None:
        """Asks no more, puts back what was not taken, and waits so long for what is under way."""
        give_up = time.monotonic() + seconds
        with self._changed:
            self._closed, self._free = True, False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, give_up - time.monotonic()))

    def _next(self) -> str | None:
        for name, queue in self._queues.items():
            if queue.message is not None:
                return name
            if not queue.passed:
                return None
        return None

    def _ask_on(self, name: str) -> None:
        queue, wait = self._queues[name], False
        while True:
            with self._changed:
                if not self._free:
                    queue.passed = wait = False
                self._changed.wait_for(lambda: self._free or self._closed)
                if self._closed:
                    return
            message = self._ask(name, wait)
            with self._changed:
                queue.message = message
                queue.passed = wait = message is None
                self._changed.notify_all()
                self._changed.wait_for(lambda: queue.message is None or not self._free)
                left, queue.message = queue.message, None
            if left is not None:
                self._put_back(name, left)

    def _ask(self, name: str, wait: bool) -> Message | None:
        try:
            message = self._door.ask(name, wait)
        except Exception as error:  # any client's; it is asked until it answers
            with self._changed:
                told, self._away = self._away, True
                self._queues[name].passed = True
                self._changed.notify_all()
                if not told:
                    log.warning("the broker gives no messages out, trying again", extra={"error": error})
                self._changed.wait_for(lambda: self._closed, self._away_seconds)
            return None
        with self._changed:
            told, self._away = self._away, False
        if told:
            log.info("the broker gives messages out again")
        return message

    def _put_back(self, name: str, message: Message) -> None:
        try:
            self._door.put_back(name, message)
        except Exception as error:  # then it is out of sight until its time is up
            log.warning("a message is not put back", extra={"queue": name, "error": error})
