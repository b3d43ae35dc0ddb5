"""A gateway in this process, on a real uvicorn and a free port, and a client that speaks its protocol."""

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from contracts.audio import SAMPLE_RATE, Samples
from fastapi_service.gateway import DEFAULT, Patience
from fastapi_service.main import create_app
from fastapi_service.server import listen, server
from fastapi_service.settings import Settings
from tests.eventually import PATIENCE, eventually
from tests.fakes import LevelDetector
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer


class RunningGateway:
    """Voice is what is loud (LevelDetector), so that a test writes its speech as numbers."""

    def __init__(self, redis_url: str, patience: Patience = DEFAULT, **settings: Any) -> None:
        self.settings = Settings(redis_url=redis_url, port=0, **settings)
        self._listener = listen(self.settings)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = server(create_app(self.settings, LevelDetector, patience=patience), self.settings)
        self._thread = threading.Thread(target=lambda: self._server.run(sockets=[self._listener]), name="gateway")

    def __enter__(self) -> Self:
        self._thread.start()
        eventually(lambda: self._server.started)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        self._listener.close()
        assert not self._thread.is_alive(), "the gateway did not stop"

    def health(self) -> dict[str, Any]:
        """/health/ready, with its `status`."""
        answer = httpx.get(f"{self.url}/health/ready", timeout=PATIENCE)
        return {"status": answer.status_code, **answer.json()}

    @contextlib.contextmanager
    def connect(self, path: str = "/ws") -> Iterator["Talker"]:
        address = f"ws://127.0.0.1:{self.port}{path}"
        # without pings of its own: a gateway that slows it down answers none, for as long as the test likes
        patient = {"open_timeout": PATIENCE, "ping_interval": None}
        with connect(address, compression=None, max_size=None, **patient) as socket:
            yield Talker(socket)


@contextlib.contextmanager
def played_pipeline(directory: Path, **settings: Any) -> Iterator[tuple[RunningGateway, PlayedWorkers]]:
    """A Redis, played workers and a gateway that knows of them."""
    with RedisServer(directory) as redis, PlayedWorkers(redis.url) as workers:
        with RunningGateway(redis.url, **settings) as gateway:
            yield gateway, workers


class Talker:
    """A client; `heard` is every message that came, in order."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    def say(self, kind: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **fields}))

    def speak(self, samples: Samples, frame: int = 1024, dtype: str = "<f4") -> None:
        for at in range(0, len(samples), frame):
            self.socket.send(samples[at : at + frame].astype(dtype).tobytes())

    def wait_for(self, kind: str, timeout: float = PATIENCE, **fields: Any) -> dict[str, Any]:
        """Read until a message of this type with these fields comes."""
        while True:
            message: dict[str, Any] = json.loads(self.socket.recv(timeout))
            self.heard.append(message)
            if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                return message

    def until_closed(self) -> tuple[int | None, str | None]:
        """Read on to the end: the close code and its reason."""
        with contextlib.suppress(ConnectionClosed):
            for text in self.socket:
                self.heard.append(json.loads(text))
        return self.socket.close_code, self.socket.close_reason

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["type"] == kind]


def voice(seconds: float, rate: int = SAMPLE_RATE) -> Samples:
    """A tone so loud that LevelDetector calls it voice."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.95 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)


def silence(seconds: float, rate: int = SAMPLE_RATE) -> Samples:
    return np.zeros(round(seconds * rate), np.float32)
