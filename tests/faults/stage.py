"""Every process of the Procfile on free ports, each behind a link of its own to Redis, and the supervisor
that starts again what has ended, as docker's `restart: unless-stopped` does.
"""

import json
import random
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from scripts import procfile
from tests.eventually import PATIENCE, eventually
from tests.faults import scripted
from tests.faults.links import Link, Links
from tests.faults.traps import SETTING, Traps
from tests.ports import free_port
from tests.processes import Process, RedisServer, clean_environ

REDIS, LISTENER, SWEEPER, ANALYZER = "redis", "listener_service", "sweeper", "analyzer_worker"
STT = ("stt_worker", "stt_worker_2")
GATEWAYS = ("gateway", "gateway_2")
APPS = {"-A stt_worker.app": "-A tests.faults.stt_app", "-A analyzer_worker.app": "-A tests.faults.analyzer_app"}
LINES = {"gateway": "fastapi_service", "gateway_2": "fastapi_service", "stt_worker_2": "stt_worker"}
"""Which line of the Procfile a process runs, where its name is another one."""


@dataclass(frozen=True)
class Cast:
    """Who plays. `shipped`: the processes that load the shipped models; the others' cost nothing."""

    names: tuple[str, ...] = (*STT, ANALYZER, LISTENER, SWEEPER, *GATEWAYS)
    shipped: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Death:
    at: float
    name: str
    status: int


class Stage:
    """Use as a context manager. `redis` is a client that no fault of a link touches."""

    def __init__(self, directory: Path, cast: Cast = Cast(), seed: int = 0) -> None:  # noqa: B008  # frozen
        self.log = directory / "logs" / "result_listener.log"
        self.deaths: list[Death] = []
        self.server = RedisServer(directory)
        self.redis = redis.Redis.from_url(self.server.url, socket_timeout=5)
        self.links: dict[str, Link] = {}
        self.traps = {name: Traps(directory / "traps" / name) for name in cast.names}
        self.processes: dict[str, Process] = {REDIS: self.server}
        self.ports = {name: free_port() for name in GATEWAYS if name in cast.names}
        self._directory = directory
        self._cast = cast
        self._network = Links()
        self._held: set[str] = set()
        self._chance = random.Random(seed)
        self._ended = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor")

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    def client_urls(self, client: str) -> list[str]:
        """The gateways, each over a link that is this client's alone."""
        urls = []
        for gateway, port in self.ports.items():
            link = self.links[f"{client}>{gateway}"] = self._network.to(port)
            urls.append(f"ws://127.0.0.1:{link.port}/ws")
        return urls

    def hold(self, name: str) -> None:
        """End it, and do not start it again."""
        self._held.add(name)
        self.processes[name].signal(signal.SIGCONT)
        self.processes[name].terminate()

    def release(self, name: str) -> None:
        self._held.discard(name)

    def files(self) -> list[Path]:
        """The result log and its rotated files, the oldest first."""
        rotated = self.log.parent.glob(f"{self.log.name}.[0-9]*")
        return [*sorted(rotated, key=lambda path: -int(path.suffix[1:])), self.log]

    def tails(self, characters: int = 3000) -> str:
        return "\n".join(f"--- {p.name}\n{p.output[-characters:]}" for p in self.processes.values())

    def wait_ready(self) -> None:
        """Every gateway has proved that speech becomes results."""
        try:
            eventually(lambda: all(map(self._is_ready, self.ports.values())), 2 * PATIENCE, interval=0.25)
        except AssertionError as error:
            raise AssertionError(f"not ready: {error}\n{self.tails()}") from None

    def _is_ready(self, port: int) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refusal:
            raise AssertionError(json.load(refusal)) from None

    def _add(self, name: str) -> None:
        link = self.links[name] = self._network.to(self.server.port)
        line = LINES.get(name, name)
        command = procfile.lines()[line]
        for shipped, trapped in APPS.items():
            command = command.replace(shipped, trapped)
        own = {
            "REDIS_URL": f"redis://127.0.0.1:{link.port}/0",
            "HOST": "127.0.0.1",
            "PORT": str(self.ports.get(name, 0)),
            "RESULT_LOG": str(self.log),
            "DEMO_MODELS": "always",
            "STATISTICS_SECONDS": "5",
            SETTING: str(self.traps[name].folder),
            scripted.SETTING: "" if name in self._cast.shipped else scripted.SCRIPTED,
        }
        self.processes[name] = Process(
            name, command, self._directory, clean_environ(**(own | dict(self._cast.settings)))
        )

    def _supervise(self) -> None:
        due: dict[str, float] = {}
        while not self._ended.wait(0.05):
            for name, process in self.processes.items():
                if process.running:
                    continue
                if name not in due:
                    self.deaths.append(Death(time.time(), name, process.child.returncode))
                    due[name] = time.monotonic() + self._chance.uniform(0.2, 1.0)
                elif time.monotonic() > due[name] and name not in self._held:
                    del due[name]
                    Process.start(process)  # not RedisServer's: nobody else may be kept waiting for Redis

    def __enter__(self) -> Self:
        self._network.__enter__()
        self.server.start()
        for name in self._cast.names:
            self._add(name)
            self.processes[name].start()
        self._supervisor.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._supervisor.join()
        others = [process for name, process in self.processes.items() if name != REDIS and process.running]
        for process in others:
            process.signal(signal.SIGCONT)
            process.signal(signal.SIGTERM)
        for process in others:
            process.terminate()
        self.server.signal(signal.SIGCONT)
        if self.server.running:
            self.server.terminate()
        self.redis.close()
        self._network.__exit__(None, None, None)
