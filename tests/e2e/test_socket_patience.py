"""uvicorn's keepalive must not cut a client whose pong waits behind audio that we do not read."""

import asyncio
import threading
from typing import Any

import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from fastapi_service.uvicorn_socket import PatientWebSocket
from tests.eventually import PATIENCE, eventually
from tests.ports import free_port


def test_a_slowed_sender_is_not_cut_for_a_late_pong() -> None:
    late = []
    patience_tried = asyncio.Event()

    class Watched(PatientWebSocket):
        def keepalive_timeout(self) -> None:
            late.append(self.read_paused)
            if len(late) == 3:
                patience_tried.set()
            super().keepalive_timeout()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        await patience_tried.wait()
        while (await receive()).get("text") != "end":
            pass
        await send({"type": "websocket.close", "code": 1000})

    port = free_port()
    config = uvicorn.Config(
        app, port=port, ws=Watched, ws_ping_interval=0.1, ws_ping_timeout=0.1, lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        with connect(f"ws://127.0.0.1:{port}/ws", open_timeout=PATIENCE, ping_interval=None) as socket:
            for text in ("audio", "audio", "end"):
                socket.send(text)
            try:
                socket.recv(PATIENCE)
            except ConnectionClosed:
                assert socket.close_code == 1000
        assert all(late) and len(late) >= 3
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
