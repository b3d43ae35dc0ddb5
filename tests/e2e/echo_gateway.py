"""A stand-in for the gateway behind nginx: says what reached it, counts bytes, echoes sockets.

Run with `python -m uvicorn tests.e2e.echo_gateway:app --port N`.
"""

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

go_on = asyncio.Event()


async def seen(request: Request) -> Response:
    """The request's headers; with a few headers of its own that nginx also sets."""
    own = {"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "default-src 'self'"}
    return JSONResponse(dict(request.headers) | {"path": request.url.path}, headers=own)


async def upload(request: Request) -> Response:
    """Counts; /arrived tells how far it has come."""
    request.app.state.arrived = 0
    async for chunk in request.stream():
        request.app.state.arrived += len(chunk)
    return JSONResponse({"bytes": request.app.state.arrived})


async def arrived(request: Request) -> Response:
    return PlainTextResponse(str(getattr(request.app.state, "arrived", 0)))


async def events(request: Request) -> Response:
    """One event at once, the second only after somebody has asked for /go."""

    go_on.clear()

    async def two() -> AsyncIterator[str]:
        yield "data: first\n\n"
        await go_on.wait()
        yield "data: second\n\n"

    return StreamingResponse(two(), media_type="text/event-stream")


async def go(request: Request) -> Response:
    go_on.set()
    return PlainTextResponse("gone")


async def style(request: Request) -> Response:
    return Response("body { margin: 0 }\n" * 200, media_type="text/css")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json(dict(websocket.headers))
    try:
        while True:
            await websocket.send_bytes(await websocket.receive_bytes())
    except WebSocketDisconnect:
        return


app = Starlette(
    routes=[
        Route("/upload", upload, methods=["POST"]),
        Route("/v1/jobs", upload, methods=["POST"]),
        Route("/v1/jobs/1/events", events),
        Route("/tokens/analysis-progress/1", events),
        Route("/arrived", arrived),
        Route("/go", go, methods=["POST"]),
        Route("/style.css", style),
        WebSocketRoute("/ws", socket),
        WebSocketRoute("/ws/", socket),
        Route("/{path:path}", seen),
    ]
)
