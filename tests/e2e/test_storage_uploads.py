"""Uploads on their way from the event loop into either place, whole or broken off."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fastapi_service.recordings.multipart import PART_BYTES
from fastapi_service.recordings.receiving import receiving
from tests.eventually import eventually
from tests.kept import PLACES, Kept, in_bucket, in_folder
from tests.s3_server import S3Server

MEGABYTE = 1 << 20
MORE_THAN_A_PART = PART_BYTES + 5 * MEGABYTE


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=PLACES)
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    if request.param == "folder":
        return in_folder(tmp_path / "made" / "when needed")
    server: S3Server = request.getfixturevalue("s3")
    for name, value in server.storage_environ.items():
        monkeypatch.setenv(name, value)
    return in_bucket(server, tmp_path.name)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_an_upload_is_written_from_the_event_loop(kept: Kept, threads: ThreadPoolExecutor) -> None:
    data = os.urandom(MORE_THAN_A_PART)

    async def receive() -> None:
        async with receiving(kept.storage, "job-a/upload", threads) as write:
            for at in range(0, len(data), MEGABYTE):
                await write(data[at : at + MEGABYTE])

    asyncio.run(receive())
    assert kept.storage.read("job-a/upload") == data


@pytest.mark.parametrize("end", [KeyError, asyncio.CancelledError])
def test_an_upload_that_breaks_off_leaves_nothing(
    kept: Kept, threads: ThreadPoolExecutor, end: type[BaseException]
) -> None:
    async def receive() -> None:
        async with receiving(kept.storage, "job-a/upload", threads) as write:
            await write(os.urandom(MORE_THAN_A_PART))
            raise end

    with pytest.raises(end):
        asyncio.run(receive())
    assert kept.everything() == []


def test_an_upload_cancelled_in_the_middle_of_a_block_leaves_nothing(kept: Kept, threads: ThreadPoolExecutor) -> None:
    async def receive(begun: asyncio.Event) -> None:
        async with receiving(kept.storage, "job-a/upload", threads) as write:
            while True:
                await write(bytes(MORE_THAN_A_PART))
                begun.set()

    async def cancel() -> None:
        begun = asyncio.Event()
        task = asyncio.create_task(receive(begun))
        await begun.wait()
        assert kept.everything()
        task.cancel()
        task.cancel()  # and whoever waits for the end of it, too
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    eventually(lambda: kept.everything() == [])
