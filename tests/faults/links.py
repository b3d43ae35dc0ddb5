"""TCP links that fail as networks do: late, half-open, reset. One per pair of processes, all in one thread.

A swallowed connection stays open at both ends and passes nothing any more, not even its end: what a
router leaves behind that has forgotten it. New ones are served, unless the link is dark.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from tests.eventually import PATIENCE

CHUNK = 65_536


class _Pipe:
    """One direction of one connection."""

    def __init__(self, link: "Link", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._link = link
        self._reader = reader
        self._writer = writer
        self._due = 0.0
        self.swallowed = link.dark

    async def run(self) -> None:
        try:
            while data := await self._reader.read(CHUNK):
                if self.swallowed:
                    continue
                await self._pass_on(data)
        except ConnectionError:
            pass
        if not self.swallowed:
            self._at_its_time(self._writer.close)

    async def _pass_on(self, data: bytes) -> None:
        self._at_its_time(lambda: self._writer.write(data))
        if not self._link.delay:
            await self._writer.drain()

    def _at_its_time(self, act: Callable[[], Any]) -> None:
        """At once, or as late as the link is; never before what came earlier."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not self._link.delay and self._due <= now:
            act()
            return
        self._due = max(now + self._link.delay, self._due + 1e-4)
        loop.call_at(self._due, act)

    def abort(self) -> None:
        self._writer.transport.abort()


class Link:
    """From `port` to `target`. Its methods may be called from any thread."""

    def __init__(self, target: int, do: Callable[[Awaitable[Any]], Any]) -> None:
        self.port = 0
        self.delay = 0.0
        """Seconds that everything is late, each way."""
        self.dark = False
        """New connections are swallowed too."""
        self._target = target
        self._do = do
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def used(self) -> bool:
        """Whether a connection is open that passes something."""
        return any(not pipe.swallowed for pipe in list(self._pipes))

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server:
            self._server.close()
        await self._abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def swallow(self) -> None:
        """Every connection that is open now becomes half-open for ever."""
        self._do(self._swallow())

    def reset(self) -> None:
        """Both ends of every connection see it broken."""
        self._do(self._abort())

    async def _swallow(self) -> None:
        for pipe in self._pipes:
            pipe.swallowed = True

    async def _abort(self) -> None:
        for pipe in list(self._pipes):
            pipe.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        for pipe in (_Pipe(self, reader, far_writer), _Pipe(self, far_reader, writer)):
            task = asyncio.create_task(pipe.run())
            self._pipes.add(pipe)
            self._tasks.add(task)
            task.add_done_callback(lambda done, pipe=pipe: self._ended(done, pipe))

    def _ended(self, task: "asyncio.Task[None]", pipe: _Pipe) -> None:
        self._tasks.discard(task)
        if not pipe.swallowed:  # a swallowed one is still to be aborted, so that its far end is not kept for ever
            self._pipes.discard(pipe)


class Links:
    """Makes links; use as a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="links")
        self._links: list[Link] = []

    def to(self, target: int) -> Link:
        link = Link(target, self._do)
        self._do(link.open())
        self._links.append(link)
        return link

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for link in self._links:
            self._do(link.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)
