"""An upload's way from the event loop into the storage, which blocks and so runs in threads."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor

from fastapi_service.recordings.storage import Bytes, Storage

Receive = Callable[[Bytes], Awaitable[None]]


@contextlib.asynccontextmanager
async def receiving(storage: Storage, name: str, threads: Executor) -> AsyncIterator[Receive]:
    """Gives what writes a block: `async with receiving(...) as receive: await receive(block)`. At its end the file
    is there; after an exception, a cancellation too, nothing is, unless that came at the very end: who gives
    up afterwards erases the job."""
    loop = asyncio.get_running_loop()
    writing = storage.writing(name)
    try:
        yield lambda block: loop.run_in_executor(threads, writing.write, block)
        await loop.run_in_executor(threads, writing.finish)
    except BaseException:
        # goes on in its thread even if whoever waits for it is cancelled again
        await asyncio.shield(loop.run_in_executor(threads, writing.abort))
        raise
