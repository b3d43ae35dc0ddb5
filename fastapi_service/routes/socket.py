"""/ws: the live socket. What is said on it is `fastapi_service.session`."""

from fastapi import APIRouter, WebSocket
from fastapi.responses import JSONResponse

from fastapi_service.gateway import Gateway
from fastapi_service.session import Session


def router(gateway: Gateway) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/ws")
    @routes.websocket("/ws/")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await Session(socket, gateway).run()

    @routes.get("/ws", include_in_schema=False)
    @routes.get("/ws/", include_in_schema=False)
    async def not_a_socket() -> JSONResponse:
        message = "this address speaks WebSocket; connect to it with ws:// or wss://"
        return JSONResponse({"detail": message}, 426, {"Upgrade": "websocket"})

    return routes
