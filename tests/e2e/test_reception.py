"""Where recordings come in: what is too slow or too many, and a Redis whose answer is lost."""

import asyncio
import contextlib
import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import redis
from celery import Celery
from redis.exceptions import ConnectionError

from contracts import connect, keys
from contracts.broker import celery_settings
from fastapi_service.dispatch import Dispatch
from fastapi_service.gateway import Patience
from fastapi_service.recordings import steps
from fastapi_service.recordings.book import Book, Submission
from fastapi_service.recordings.job import Job, Options
from fastapi_service.recordings.names import upload_name
from fastapi_service.recordings.reception import MOST_AT_ONCE, Asked, Reception, Rules, Stored
from fastapi_service.recordings.storage import open_storage
from fastapi_service.recordings.upload import BLOCK_BYTES, Received
from tests.eventually import PATIENCE, eventually
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway

LONG = 2 * BLOCK_BYTES


@contextlib.contextmanager
def uploading(gateway: RunningGateway, path: str = "/v1/jobs", sent: int = 1000) -> Iterator[socket.socket]:
    """An upload that has begun and does not go on."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE) as sender:
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: audio/wav\r\nContent-Length: {LONG}\r\n\r\n"
        sender.sendall(head.encode() + bytes(sent))
        yield sender


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/audio/transcriptions", "/tokens/a/upload-audio"])
def test_who_sends_too_slowly_is_not_waited_for(redis_server: RedisServer, tmp_path: Path, path: str) -> None:
    folder = tmp_path / "kept"
    gateway = RunningGateway(redis_server.url, Patience(upload_seconds=0.2), storage_url=str(folder))
    with gateway, uploading(gateway, path) as sender:
        answer = b"".join(iter(lambda: sender.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 408") and b"too_slow" in answer
        eventually(lambda: not list(folder.rglob("*")))


def test_more_at_a_time_than_there_is_memory_for_are_refused(redis_server: RedisServer, tmp_path: Path) -> None:
    with RunningGateway(redis_server.url, storage_url=str(tmp_path / "kept")) as gateway:

        def status() -> int:
            return httpx.post(f"{gateway.url}/v1/jobs", content=b"sound", timeout=PATIENCE).status_code

        with contextlib.ExitStack() as senders:
            waiting = [senders.enter_context(uploading(gateway)) for _ in range(MOST_AT_ONCE + 1)]
            answered, _, _ = select.select(waiting, (), (), PATIENCE)
            assert [sender.recv(4096)[:12] for sender in answered] == [b"HTTP/1.1 429"]
        eventually(lambda: status() in (200, 202))


def test_an_upload_that_the_end_of_the_gateway_cuts_off_leaves_nothing(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    gateway = RunningGateway(redis_server.url, storage_url=str(folder))
    with contextlib.ExitStack() as afterwards:
        with gateway:
            afterwards.enter_context(uploading(gateway, sent=BLOCK_BYTES))
            eventually(lambda: list(folder.rglob(".upload.*")))
    assert list(folder.rglob("*")) == []


class Losing(Book):
    """Its submissions are done, or not, and their answers lost."""

    done = True

    async def submit(self, job: Job, same: str, idempotency: str, most: int, share: int) -> Submission:
        if self.done:
            await super().submit(job, same, idempotency, most, share)
        raise ConnectionError("lost")


@pytest.mark.parametrize("done", [True, False])
def test_a_recording_whose_acceptance_is_not_known_is_not_erased(
    redis_server: RedisServer, tmp_path: Path, done: bool
) -> None:
    storage = open_storage(str(tmp_path / "kept"))
    storage.put(upload_name("job-1"), b"sound")

    async def accept() -> str:
        client = connect.connect_async(redis_server.url)
        celery = Celery("test", set_as_current=False)
        celery.conf.update(celery_settings(redis_server.url))
        with ThreadPoolExecutor(2) as threads:
            book, dispatch = Losing(client), Dispatch(client, celery, threads)
            book.done = done
            desk = Reception(book, storage, dispatch, threads, Rules(1000, 10, 10, 60.0, 60.0))
            try:
                taken = await desk.accept(Stored("job-1", Received(bytes=5), "00"), Asked(Options()))
                return taken.outcome
            finally:
                await dispatch.close()
                await client.aclose()
                celery.close()

    if done:
        assert asyncio.run(accept()) == steps.NEW
    else:
        with pytest.raises(ConnectionError):
            asyncio.run(accept())
    assert storage.exists(upload_name("job-1"))
    with redis.from_url(redis_server.url) as store:
        assert store.exists(keys.job("job-1")) == done
