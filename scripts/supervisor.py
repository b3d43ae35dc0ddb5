"""honcho with four manners more: it remembers each process's last lines, knows which one ended
first, stops Redis after those who still write to it, and takes a second Ctrl-C as "at once"."""

import datetime
import signal
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from types import FrameType
from typing import TextIO

from honcho.manager import Manager  # type: ignore[import-untyped]  # ships no type information
from honcho.printer import Message, Printer  # type: ignore[import-untyped]  # likewise

LAST_LINES = 12
OWN_NAME = "run"
STOPS_LAST = "redis"
PATIENCE_SECONDS = 20
"""A worker may finish the utterance it has; honcho alone would allow 5 s."""


class Terminal(Printer):  # type: ignore[misc]  # honcho ships no type information
    """Lines of processes with their name before them; our own without."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        super().__init__(out, time_format="")
        self.last: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=LAST_LINES))

    def write(self, message: Message) -> None:
        if message.name == OWN_NAME:
            self.output.write(message.data + "\n")
            self.output.flush()
            return
        text = message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else message.data
        self.last[message.name].extend(text.splitlines())
        super().write(message)


class Supervisor(Manager):  # type: ignore[misc]  # honcho ships no type information
    """Runs until a signal comes or a process ends. `started` is called once all are started, in a
    thread of its own."""

    def __init__(self, terminal: Terminal, started: Callable[["Supervisor"], None]) -> None:
        super().__init__(terminal)
        self.terminal = terminal
        self.stopping = threading.Event()
        self.interrupted = False
        self.first_ended: tuple[str, int] | None = None
        self._when_started = started
        self._patient_until = float("inf")

    def say(self, text: str) -> None:
        """Print something of our own between the processes' lines."""
        self.events.put(Message("line", text, datetime.datetime.now(), OWN_NAME, None))

    def terminate(self) -> None:
        if self.stopping.is_set():
            return
        self.stopping.set()
        self._patient_until = time.monotonic() + PATIENCE_SECONDS
        if not self.interrupted:
            ended = [(name, known["returncode"]) for name, known in self._processes.items() if "returncode" in known]
            self.first_ended = ended[0] if ended else None
        super().terminate()
        threading.Thread(target=self._stop_last, daemon=True).start()

    def kill(self) -> None:
        """honcho asks for this again and again once it has lost patience; ours lasts longer."""
        if time.monotonic() > self._patient_until:
            super().kill()

    def _start(self) -> None:
        super()._start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._signalled)
        threading.Thread(target=self._when_started, args=(self,), daemon=True).start()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted:
            self._patient_until = 0
            self.kill()
            return
        self.interrupted = True
        self.returncode = 128 + number
        self.say("Stopping; Ctrl-C again stops at once.")
        self.terminate()

    def _killall(self, force: bool = False) -> None:
        """To every process but the last one, which is to stop in an orderly way."""
        stop = self._procmgr.kill if force else self._procmgr.terminate
        for name, known in self._processes.items():
            if name != STOPS_LAST and "returncode" not in known and "pid" in known:
                stop(known["pid"])

    def _stop_last(self) -> None:
        last = self._processes.get(STOPS_LAST)
        others = [known for name, known in self._processes.items() if name != STOPS_LAST]
        while not all("returncode" in known for known in others):
            time.sleep(0.05)
        if last and "pid" in last:
            self._procmgr.terminate(last["pid"])
