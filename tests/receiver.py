"""A receiver of webhooks on loopback: answers each path as its test says and remembers what came."""

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.eventually import eventually

Answer = tuple[int, dict[str, str]] | threading.Event
"""A status with headers; an Event: nothing is answered before it is set, 200 then."""


@dataclass(frozen=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.body)
        return said


@dataclass
class Receiver:
    """`answers[path]` are given in order, the last of them for ever; 200 where there are none."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="receiver")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for answers in self.answers.values():
            for answer in answers:
                if isinstance(answer, threading.Event):
                    answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def speak_tls(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # each connection's handshake in its own thread, when it is first read
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    def at(self, path: str) -> list[Heard]:
        return [heard for heard in list(self.heard) if heard.path == path]

    def wait_for(self, path: str, times: int = 1, which: Callable[[Heard], bool] = lambda heard: True) -> list[Heard]:
        """The first `times` that came to this path."""
        return eventually(lambda: len(found := list(filter(which, self.at(path)))) >= times and found[:times]) or []


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            answers = receiver.answers.get(self.path, [(200, {})])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, threading.Event):
                answer.wait()
                answer = (200, {})
            status, headers = answer
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"thank you")
            except OSError:  # it did not wait so long
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what came is in `heard`."""

    return Handler
