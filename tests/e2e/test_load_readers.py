"""Clients that do not read, and sockets without end: what they cost is bounded, and nothing of theirs is lost."""

import base64
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from fastapi_service.admission import RESUMED_SHARE
from fastapi_service.routes.socket import MOST_SILENT
from scripts import procfile
from tests.e2e.test_socket_load import LONG_ID, meanwhile
from tests.eventually import PATIENCE, eventually
from tests.ports import free_port
from tests.processes import Process, RedisServer, clean_environ
from tests.running_gateway import Talker, played_pipeline, silence, voice

SENTENCE = np.concatenate([voice(1.0), silence(1.0)])
PINGS, PING_BYTES = 200_000, 125
TEXT, PING = 1, 9
"""WebSocket opcodes."""


def test_a_client_that_did_not_read_resumes_and_gets_everything(tmp_path: Path) -> None:
    with played_pipeline(tmp_path, send_timeout_seconds=0.5) as (gateway, workers):
        with gateway.connect() as slow:
            slow.say("start")
            ready = slow.wait_for("ready")
            workers.held.set()
            slow.speak(np.concatenate([SENTENCE] * 3))
            eventually(lambda: gateway.health()["pending"]["utterances"] == 3)

            def ask_without_end() -> None:
                while True:
                    slow.say("ping", id=LONG_ID)

            with meanwhile(ask_without_end):
                eventually(lambda: gateway.health()["sessions"] == 0)
                workers.held.clear()
                assert slow.until_closed() == (4008, "slow_reader")
        with gateway.connect() as again:
            again.say("start", session=ready["session"], key=ready["key"], after=0)
            accepted = again.wait_for("ready")["samples"]
            again.speak(np.concatenate([SENTENCE] * 4)[accepted:])
            again.say("stop")
            assert again.until_closed() == (1000, "done")
        durable = [message["seq"] for message in again.heard if message.get("seq")]
        assert durable == list(range(1, 9)) and len(again.of("result")) == 4
        assert again.of("done")[0]["samples"] == 4 * len(SENTENCE)


def test_pongs_that_nobody_reads_are_not_kept(tmp_path: Path) -> None:
    with played_pipeline(tmp_path) as (gateway, _), opened(gateway.port) as client:
        for _ in range(PINGS // 1000):
            client.sendall(1000 * frame(PING, bytes(PING_BYTES)))
        client.sendall(frame(TEXT, b'{"type":"ping","id":7}'))
        received, tail = 0, b""
        while b'"id":7' not in tail:
            answer = client.recv(65_536)
            received, tail = received + len(answer), tail[-100:] + answer
        assert received < PINGS * PING_BYTES / 3, "what the two kernels hold, and 64 kB"


@contextlib.contextmanager
def opened(port: int) -> Iterator[socket.socket]:
    """A bare WebSocket, since every library reads all the time."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", port))
        key = base64.b64encode(bytes(16)).decode()
        lines = ("GET /ws HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade")
        lines += (f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "")
        client.sendall("\r\n".join(lines).encode())
        assert b" 101 " in client.recv(4096)
        yield client


def frame(opcode: int, payload: bytes) -> bytes:
    """One with the mask 0, which changes nothing."""
    assert len(payload) <= 125
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


def test_sockets_without_end_are_refused_in_words(redis_server: RedisServer, tmp_path: Path) -> None:
    port = free_port()
    environ = clean_environ(PORT=str(port), REDIS_URL=redis_server.url, MAX_SESSIONS="1")
    with Process("fastapi_service", procfile.lines()["fastapi_service"], tmp_path, environ) as process:
        process.wait_for("startup complete")
        with contextlib.ExitStack() as crowd:
            for _ in range(MOST_SILENT + RESUMED_SHARE):
                crowd.enter_context(opened(port))
            with connect(f"ws://127.0.0.1:{port}/ws", open_timeout=PATIENCE, ping_interval=None) as late:
                talker = Talker(late)
                error = talker.wait_for("error")
                assert (error["code"], error["retry_after"]) == ("full", 60.0) and "sockets" in error["message"]
                assert talker.until_closed() == (1013, "full")
        eventually(lambda: is_served(port))


def is_served(port: int) -> bool:
    with contextlib.suppress(ConnectionClosed):  # a refusal may be quicker than what is asked
        with connect(f"ws://127.0.0.1:{port}/ws", open_timeout=PATIENCE, ping_interval=None) as socket:
            socket.send('{"type":"ping","id":1}')
            return '"pong"' in str(socket.recv(PATIENCE))
    return False
