"""What the conductor erases of the storage: what Redis does not know and is old, with a real Redis and folder."""

import asyncio
import os
import time
from pathlib import Path

import redis

from contracts import connect
from fastapi_service.recordings import orphans, steps
from fastapi_service.recordings.job import Job
from fastapi_service.recordings.storage import open_storage
from scripts import procfile
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ


def kept(folder: Path, name: str, hours: float) -> Path:
    """A file of a job, written so long ago."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    for each in (path, path.parent):
        os.utime(each, (time.time() - hours * 3600,) * 2)
    return path


def sweep(server: RedisServer, folder: Path) -> int:
    async def run() -> int:
        client = connect.connect_async(server.url)
        try:
            return await orphans.sweep(client, open_storage(str(folder)), time.time())
        finally:
            await client.aclose()

    return asyncio.run(run())


def test_what_is_old_and_unknown_goes_and_nothing_else(redis_server: RedisServer, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    known, unknown = kept(folder, "job-known/pcm", 100), kept(folder, "job-unknown/pcm", 7)
    new, foreign = kept(folder, "job-new/upload", 5), kept(folder, "mine/notes.txt", 100)
    many = [kept(folder, f"job-{n}/upload", 7) for n in range(orphans.ASKED_AT_A_TIME + 1)]
    left = kept(folder, "job-known/.upload.00", 7)
    with redis.from_url(redis_server.url) as store:
        store.eval(*steps.submit(Job("job-known", "a", 1, "", 1.0), "", "", 10).call)
    assert sweep(redis_server, folder) == len(many) + 1
    assert known.exists() and new.exists() and foreign.exists()
    assert not any(path.parent.exists() for path in [unknown, *many]) and not left.exists()
    assert sweep(redis_server, folder) == 0


def test_the_conductor_sweeps_and_says_so_of_a_redis_that_was_emptied(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    folder = tmp_path / "recordings"
    old = [kept(folder, f"job-{n}/pcm", 7) for n in range(3)]
    environ = clean_environ(REDIS_URL=redis_server.url, STORAGE_URL=str(folder))
    with Process("conductor", procfile.lines()["conductor"], tmp_path, environ) as conductor:
        output = conductor.wait_for("recordings that Redis does not know were erased jobs=3")
        assert "as if it had been emptied" in output
        eventually(lambda: not any(path.exists() for path in old))
        assert conductor.terminate() == 0
