"""/ws: the live socket. What is said on it is `fastapi_service.session`."""

import contextlib
import time

from fastapi import APIRouter, WebSocket
from fastapi.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect

from contracts import codec
from contracts.messages import Error
from fastapi_service.admission import RESUMED_SHARE
from fastapi_service.codes import FULL
from fastapi_service.gateway import Gateway
from fastapi_service.session import Session

MOST_SILENT = 500
"""Open sockets beyond those that sessions may have; with the default MAX_SESSIONS within the 1,024 files
that a process may often have open."""


def router(gateway: Gateway) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/ws")
    @routes.websocket("/ws/")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        if len(gateway.sockets) >= MOST_SILENT + RESUMED_SHARE * gateway.settings.max_sessions:
            await _refuse(socket)
            return
        session = Session(socket, gateway)
        gateway.sockets.add(session)
        try:
            await session.run()
        finally:
            gateway.sockets.discard(session)

    @routes.get("/ws", include_in_schema=False)
    @routes.get("/ws/", include_in_schema=False)
    async def not_a_socket() -> JSONResponse:
        message = "this address speaks WebSocket; connect to it with ws:// or wss://"
        return JSONResponse({"detail": message}, 426, {"Upgrade": "websocket"})

    return routes


async def _refuse(socket: WebSocket) -> None:
    message = "too many sockets are open here; close those that are not needed and try again in a minute"
    error = Error(None, FULL.name, message, FULL.retryable, at=time.time(), retry_after=60.0)
    with contextlib.suppress(WebSocketDisconnect):
        await socket.send_text(codec.dumps(error))
        await socket.close(FULL.close or 1013, FULL.name)
