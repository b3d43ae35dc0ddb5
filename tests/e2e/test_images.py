"""Processes with the requirements and the files of their images alone, on a real Redis; not those whose images torch
makes too big for a test. All other tests run in one environment that has everything and cannot tell what is missing.
"""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import redis
import soundfile
from websockets.sync.client import connect

from contracts.names import STT_JOB_QUEUE
from scripts.procfile import ROOT
from tests.accepted import SESSION, accept, waiting
from tests.eventually import PATIENCE, eventually
from tests.images import FOLDER_OF, SERVICES, UNPACKAGED, Image, command, imported
from tests.imports import ours
from tests.listeners import Listeners
from tests.ports import free_port
from tests.processes import Process, RedisServer
from tests.requirements import listed, name
from tests.running_gateway import Talker
from tests.speech import clips

T = TypeVar("T")
BIG = {folder for folder in FOLDER_OF.values() if "torch" in map(name, listed(folder))}
SMALL = {service: folder for service, folder in FOLDER_OF.items() if folder not in BIG}
FOLDERS = sorted({*SMALL.values(), *UNPACKAGED})
DEMO = ROOT / "models" / "demo.flac"
IMPORT = "import importlib, sys\nfor module in sys.argv[1:]: importlib.import_module(module)"


class Deployed:
    """Images and their processes, each made or started when it is first asked for."""

    def __init__(self, directory: Path, redis_url: str, ended: contextlib.ExitStack) -> None:
        self.redis_url = redis_url
        self.result_log = directory / "result_listener.log"
        self._directory, self._ended = directory, ended
        self._images: dict[str, Image] = {}
        self._processes: dict[str, Process] = {}
        self._ports: dict[str, int] = {}

    def image(self, folder: str) -> Image:
        if folder not in self._images:
            directory = self._directory / folder.replace("/", "-")
            directory.mkdir()
            self._images[folder] = Image(folder, directory)
        return self._images[folder]

    def port(self, service: str) -> int:
        """Where it answers, once it runs and the health check of compose says that it works."""
        if service not in self._processes:
            self._ports[service] = free_port()
            process = self.image(SMALL[service]).process(service, command(service), **self._settings(service))
            self._processes[service] = self._ended.enter_context(process)
        self.until(lambda: self._is_healthy(service))
        return self._ports[service]

    def until(self, check: Callable[[], T]) -> T:
        """As `eventually`; fails with all that the processes wrote, at once when one of them has ended."""

        def checked() -> T:
            ended = [process.name for process in self._processes.values() if not process.running]
            if ended:
                raise RuntimeError(f"{', '.join(ended)} ended\n{self._outputs()}")
            return check()

        try:
            return eventually(checked, interval=0.25)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._outputs()}") from None

    def _is_healthy(self, service: str) -> bool:
        _, *words = SERVICES[service]["healthcheck"]["test"]
        here = [re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{self._ports[service]}", word) for word in words]
        self.image(SMALL[service]).run(here, **self._settings(service))
        return True

    def _settings(self, service: str) -> dict[str, str]:
        port = str(self._ports[service])
        return {
            **{"REDIS_URL": self.redis_url, "PORT": port, "METRICS_PORT": port, "FLOWER_PORT": port},
            "FLOWER_PASSWORD": "secret",
            "HEARTBEAT_FILE": str(self._directory / f"{service}.heartbeat"),
            "RESULT_LOG": str(self.result_log),
            "STORAGE_URL": str(self._directory / "recordings"),
        }

    def _outputs(self) -> str:
        return "\n".join(f"--- {process.name}\n{process.output[-3000:]}" for process in self._processes.values())


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    directory = tmp_path_factory.mktemp("images")
    with RedisServer(directory) as server, contextlib.ExitStack() as ended:
        yield Deployed(directory, server.url, ended)
    shutil.rmtree(directory)  # half a gigabyte; pytest would keep that of three runs


@pytest.fixture
def client(deployed: Deployed) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(deployed.redis_url) as client:
        yield client


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_that_its_processes_may_import_can_be_imported(deployed: Deployed, folder: str) -> None:
    modules = sorted(filter(ours, imported(folder)))
    deployed.image(folder).run(["python", "-c", IMPORT, *modules])


@pytest.mark.parametrize("service", SMALL)
def test_a_process_becomes_healthy(deployed: Deployed, service: str) -> None:
    deployed.port(service)


def test_the_listener_writes_a_result(deployed: Deployed, tmp_path: Path) -> None:
    deployed.port("listener_service")
    with Listeners(deployed.redis_url, tmp_path) as listeners:
        listeners.say(1, text="I love this")
    deployed.until(lambda: '"I love this"' in deployed.result_log.read_text())


def test_the_sweeper_sends_again_what_is_overdue(deployed: Deployed, client: "redis.Redis") -> None:
    deployed.port("sweeper")
    accept(client, 1)
    deployed.until(lambda: [task for task in waiting(client) if SESSION in task])


def test_the_gateway_hears_speech_and_sends_it_on(deployed: Deployed, client: "redis.Redis") -> None:
    port = deployed.port("fastapi_service")
    samples, rate = soundfile.read(clips()[0].path, dtype="float32")
    with connect(f"ws://127.0.0.1:{port}/ws", open_timeout=PATIENCE, ping_interval=None) as socket:
        talker = Talker(socket)
        talker.say("start", version=1, sample_rate=3 * rate)
        session = talker.wait_for("ready")["session"]
        talker.speak(np.repeat(samples, 3))
        talker.say("stop")
        deployed.until(lambda: [task for task in waiting(client) if session in task])


def test_a_recording_that_the_recorder_sends_is_prepared_and_its_speech_sent_on(
    deployed: Deployed, client: "redis.Redis"
) -> None:
    port = deployed.port("fastapi_service")
    for service in ("recordings_worker", "conductor"):
        deployed.port(service)
    recorder = deployed.image("recorder_service")
    recorder.run(["python", "-m", "recorder_service", "upload", str(DEMO), "--url", f"http://127.0.0.1:{port}"])
    deployed.until(lambda: waiting(client, STT_JOB_QUEUE))


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("recorder_service", ("recorder_service", "--help")),
        ("listener_service", ("listener_service.dead_letters", "list")),
        ("fastapi_service", ("fastapi_service.recordings.webhooks", "list")),
    ],
)
def test_a_command_line_tool_runs(deployed: Deployed, folder: str, words: tuple[str, ...]) -> None:
    deployed.image(folder).run(["python", "-m", *words], REDIS_URL=deployed.redis_url)
