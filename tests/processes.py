"""Real processes for tests: one line of the Procfile, a Redis of one's own, or the whole pipeline.

Each process leads its own group, so that killing it kills its children too; what it writes goes to
`<name>.log` and is shown when a test fails. Every wait is `eventually`.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from scripts import procfile
from scripts.procfile import ROOT
from tests.eventually import PATIENCE, eventually
from tests.ports import free_port

READY_SECONDS = 2 * PATIENCE


def setting_names() -> set[str]:
    """Every environment variable that .env.example documents."""
    text = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#?\s*([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def clean_environ(**changes: str) -> dict[str, str]:
    """This process's environment without our settings, with the running Python first on PATH."""
    hidden = setting_names()
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + environ.get("PATH", "")
    environ["PYTHONUNBUFFERED"] = "1"
    return environ | changes


class Process:
    """A shell line run from the repository's root or another `folder`; `output` is everything it ever wrote."""

    def __init__(
        self, name: str, command: str, directory: Path, environ: Mapping[str, str], folder: Path = ROOT
    ) -> None:
        self.name = name
        self.folder = folder
        self.command = command
        self.environ = dict(environ)
        self.log_path = directory / f"{name}.log"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.running:
            raise RuntimeError(f"{self.name} runs already, pid {self.pid}")
        with self.log_path.open("ab") as log:
            self._child = subprocess.Popen(
                f"exec {self.command}",
                shell=True,
                cwd=self.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def child(self) -> "subprocess.Popen[bytes]":
        if self._child is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._child

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def output(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_for(self, text: str, timeout: float = PATIENCE) -> str:
        """Wait until it has written `text`; returns the output. Fails at once if it died before."""

        def written() -> str:
            output = self.output
            if text not in output and not self.running:
                raise RuntimeError(f"{self.name} ended with {self.child.returncode} before {text!r}:\n{output[-4000:]}")
            return output if text in output else ""

        return eventually(written, timeout)

    def interrupt(self) -> None:
        self.signal(signal.SIGINT)

    def terminate(self, timeout: float = PATIENCE) -> int:
        """SIGTERM to the group; SIGKILL to what is left after `timeout`. Returns the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        self.signal(signal.SIGKILL)
        return self.wait()

    def wait(self, timeout: float = PATIENCE) -> int:
        return self.child.wait(timeout)

    def signal(self, number: int) -> None:
        """To the process and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.running:
            self.terminate()


class RedisServer(Process):
    """The Procfile's Redis on a free port with its data in `directory`; survives `kill` + `start`."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        environ = clean_environ(REDIS_PORT=str(self.port), REDIS_DIR=str(directory / "redis"))
        super().__init__("redis", procfile.lines()["redis"], directory, environ)

    def start(self) -> None:
        super().start()
        eventually(self._answers)

    def _answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")


class Pipeline:
    """Every process of the Procfile, each to be killed and restarted by its name.

    `environ` adds to or replaces what the processes get; with `wait=False` it does not wait for
    readiness. Use as a context manager.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str] | None = None, wait: bool = True) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws"
        self.redis = RedisServer(directory)
        self.redis_url = self.redis.url
        self.result_log = directory / "result_listener.log"
        self._wait = wait
        own = {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "REDIS_URL": self.redis_url,
            "RESULT_LOG": str(self.result_log),
            "STORAGE_URL": str(directory / "recordings"),
            "DEMO_MODELS": "always",
        }
        settings = clean_environ(**(own | dict(environ or {})))
        self.processes: dict[str, Process] = {"redis": self.redis}
        for name, command in procfile.lines().items():
            self.processes.setdefault(name, Process(name, command, directory, settings))

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    def kill(self, name: str) -> None:
        """SIGKILL, as the kernel does when memory runs out."""
        self.processes[name].kill()

    def restart(self, name: str) -> None:
        """Start it again, ending it first if it runs; readiness is up to `wait_ready`."""
        process = self.processes[name]
        if process.running:
            process.terminate()
        process.start()

    def health(self) -> dict[str, Any]:
        """The JSON of /health/ready and its `http_status`; OSError while nothing answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=PATIENCE) as response:
                report: dict[str, Any] = json.load(response)
                return report | {"http_status": response.status}
        except urllib.error.HTTPError as refusal:
            report = json.load(refusal)
            return report | {"http_status": refusal.code}

    def wait_ready(self, timeout: float = READY_SECONDS) -> dict[str, Any]:
        """Wait for /health/ready to say yes; a process that ended meanwhile fails at once."""

        def ready() -> dict[str, Any] | None:
            for process in self.processes.values():
                if not process.running:
                    raise RuntimeError(f"{process.name} ended with {process.child.returncode}\n{self.tails()}")
            report = self.health()
            assert report["http_status"] == 200, report
            return report

        try:
            return eventually(ready, timeout, interval=0.25) or {}
        except AssertionError as error:
            raise AssertionError(f"pipeline not ready: {error}\n{self.tails()}") from None

    def log_path(self, name: str) -> Path:
        return self.processes[name].log_path

    def tails(self, characters: int = 3000) -> str:
        """The end of every process's output."""
        return "\n".join(f"--- {p.name}\n{p.output[-characters:]}" for p in self.processes.values())

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as started:
            for process in self.processes.values():
                started.enter_context(process)
            if self._wait:
                self.wait_ready()
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()


@contextlib.contextmanager
def pipeline(directory: Path, **environ: str) -> Iterator[Pipeline]:
    """A pipeline of a test's own, with settings given as keywords."""
    with Pipeline(directory, environ) as running:
        yield running
