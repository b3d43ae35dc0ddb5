"""A TCP relay between a client and a server that can be cut, stalled or closed to newcomers: how
networks fail, on one machine."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from tests.eventually import PATIENCE


class Relay:
    """`port` is where to connect; `cut` resets what is open, `stall` keeps it open and passes nothing.
    A connection that sends the first of `traps` is reset instead, and the next one is then the first."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.url = ""
        self.traps: list[bytes] = []
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay")

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(self._server.sockets[0].getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.close()
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def cut(self) -> None:
        """Reset every connection; new ones are served as before."""
        self._do(self._cut())

    def stall(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.set)

    def _do(self, work):  # type: ignore[no-untyped-def]  # any coroutine, its own result
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _cut(self) -> None:
        open_now = list(self._pipes)
        for pipe in open_now:
            pipe.cancel()
        await asyncio.gather(*open_now)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            pipe = asyncio.create_task(self._pass(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._flowing.wait()
                if self.traps and self.traps[0] in data:
                    del self.traps[0]
                    raise ConnectionResetError
                sink.write(data)
                await sink.drain()
        except (ConnectionError, asyncio.CancelledError):
            sink.transport.abort()
        finally:
            sink.close()
