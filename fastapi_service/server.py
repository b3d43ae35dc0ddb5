"""uvicorn as this gateway wants it: figures from measurements of 128 to 4096 samples a message."""

import socket

import uvicorn
from starlette.types import ASGIApp

from fastapi_service.settings import Settings
from fastapi_service.uvicorn_socket import PatientWebSocket

LOWEST_MAX_SIZE = 1_048_576


class PortTaken(Exception):
    """The address cannot be listened on; the message says what to do."""


def listen(settings: Settings) -> socket.socket:
    """A bound socket. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            f"Stop the program that uses the port, or choose another, for example PORT={settings.port % 65535 + 1}"
        ) from None
    return listener


def server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    """Sockets without deflate (speech does not shrink); messages over MAX_FRAME_BYTES still come in,
    so that they can be answered in words."""
    config = uvicorn.Config(
        app,
        ws=PatientWebSocket,
        ws_per_message_deflate=False,
        ws_max_size=max(LOWEST_MAX_SIZE, 4 * settings.max_frame_bytes),
        ws_ping_interval=20,
        ws_ping_timeout=120,
        timeout_keep_alive=75,  # as nginx: a browser that asks just when the server closes gets nothing
        timeout_graceful_shutdown=5,
        server_header=False,
        access_log=False,
        log_config=None,
        proxy_headers=True,
    )
    return uvicorn.Server(config)
