"""uvicorn's WebSocket protocol with the three cases in which it would treat a client wrongly.

Written against uvicorn 0.54 (exact pin): it uses `read_paused`, `writable`, `conn` and `pong_timer`.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class PatientWebSocket(WebSocketsSansIOProtocol):
    """A slowed sender is not cut for a late pong: while we do not read, its pong is behind its audio.
    A client that does not read gets its close code behind what it has not read, and is then cut; it
    gets no pongs, which would fill the memory if it sent pings without end."""

    def keepalive_timeout(self) -> None:
        if self.read_paused and self.ping_timeout is not None:
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)
        else:
            super().keepalive_timeout()

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the pong, and nothing else: all other data is fetched where it is made

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and not self.writable.is_set():
            self.writable.set()
            self.loop.call_later(self.close_timeout, self.transport.abort)
        await super().send(message)
