"""honcho with six manners more: it starts a process again that ended once all had worked, it remembers
each process's last lines, knows which one ended first, stops Redis after those who still write to it,
takes a second Ctrl-C as "at once", and leaves nothing running when its terminal is closed or the reader
of its output goes away."""

import datetime
import multiprocessing
import os
import re
import select
import signal
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from types import FrameType
from typing import Any, TextIO

from honcho.manager import Manager  # type: ignore[import-untyped]  # ships no type information
from honcho.printer import Message, Printer  # type: ignore[import-untyped]  # likewise

from scripts.revival import Revival

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
        self.when_gone: Callable[[], None] = lambda: None

    def write(self, message: Message) -> None:
        try:
            self._show(message)
        except OSError:  # the terminal was closed, or `| head` has seen enough: nobody is left to tell
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.output.fileno())
            os.close(nowhere)
            self.when_gone()

    def _show(self, message: Message) -> None:
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
        terminal.when_gone = self.terminate
        self.stopping = threading.Event()
        self.interrupted = False
        self.first_ended: tuple[str, int] | None = None
        self._queue: Any = self.events
        self.steady = False
        """Everything has worked: from now on a process that ends by itself is started again."""
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
        threading.Thread(target=self._see_out, daemon=True).start()

    def may_revive(self) -> bool:
        return self.steady and not self.stopping.is_set()

    def start_again(self, name: str) -> None:
        known = self._processes[name]
        known.pop("pid", None)
        self._run(known, name)

    def kill(self) -> None:
        """honcho asks for this again and again once it has lost patience; ours lasts longer."""
        if time.monotonic() > self._patient_until:
            super().kill()

    def _system_print(self, data: str) -> None:
        """A process that ended as it was told to has no status worth a look."""
        ordinary = self.stopping.is_set() and re.sub(rf" \(rc=(0|-{signal.SIGTERM:d})\)$", "", data, flags=re.MULTILINE)
        super()._system_print(ordinary or data)

    def _start(self) -> None:
        self.events = Revival(self._queue, self, OWN_NAME)
        for name, known in self._processes.items():
            self._run(known, name)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._signalled)
        threading.Thread(target=self._when_started, args=(self,), daemon=True).start()
        if self.terminal.output.isatty():
            threading.Thread(target=self._watch_terminal, daemon=True).start()

    def _run(self, known: dict[str, Any], name: str) -> None:
        """Start a process under a child of ours that reports what it writes and how it ends."""
        usual = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # for honcho's child, which reports how ours ends
        known["process"] = multiprocessing.Process(name=name, target=known["obj"].run, args=(self._queue, True))
        known["process"].start()
        signal.signal(signal.SIGHUP, usual)

    def _watch_terminal(self) -> None:
        """A closed terminal sends SIGHUP to its first process alone, which may be `make`, and make waits for us."""
        gone = select.poll()
        gone.register(self.terminal.output.fileno(), 0)  # only hang-ups and errors
        while not self.stopping.is_set():
            if gone.poll(1000):
                self.terminate()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted:
            self._patient_until = 0
            self.kill()
            return
        self.returncode = 128 + number
        self.interrupted = True
        self.say("Stopping; Ctrl-C again stops at once.")
        self.terminate()

    def _killall(self, force: bool = False) -> None:
        """SIGKILL to every process but the last one, which is to stop in an orderly way."""
        for name, known in self._processes.items():
            if name != STOPS_LAST and "returncode" not in known and "pid" in known:
                self._procmgr.kill(known["pid"])

    def _see_out(self) -> None:
        """SIGTERM to each once, also to one that has only just begun; to the last when the others are gone."""
        waiting = dict(self._processes)
        while any("returncode" not in known for known in waiting.values()):
            gone = all("returncode" in known for name, known in self._processes.items() if name != STOPS_LAST)
            for name, known in list(waiting.items()):
                if "pid" in known and "returncode" not in known and (name != STOPS_LAST or gone):
                    self._procmgr.terminate(known["pid"])
                    del waiting[name]
            time.sleep(0.05)
