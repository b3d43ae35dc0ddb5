"""One contract for both places: a folder, and a bucket of a real server that speaks S3."""

import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastapi_service.recordings.multipart import PART_BYTES
from fastapi_service.recordings.storage import READ_AHEAD_BYTES, Storage
from fastapi_service.recordings.storage_errors import NotThere
from scripts.procfile import ROOT
from tests.kept import PLACES, Kept, in_bucket, in_folder
from tests.s3_server import S3Server

MEGABYTE = 1 << 20
MORE_THAN_A_PART = PART_BYTES + 5 * MEGABYTE
SIZES = [0, 1, PART_BYTES - 1, PART_BYTES, MORE_THAN_A_PART]
KILLED = """
import os, sys
from fastapi_service.recordings.storage import open_storage

file = open_storage(sys.argv[1]).writing("job-killed/upload")
file.write(os.urandom(20 << 20))
print("written", flush=True)
sys.stdin.read()
"""


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
def storage(kept: Kept) -> Storage:
    return kept.storage


def noise(size: int) -> bytes:
    return os.urandom(size)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_in_pieces_is_read_whole_and_not_seen_before(storage: Storage, size: int) -> None:
    data = noise(size)
    with storage.writing("job-a/upload") as file:
        for at in range(0, size, 3 * MEGABYTE):
            file.write(data[at : at + 3 * MEGABYTE])
        assert not storage.exists("job-a/upload")
    assert storage.size("job-a/upload") == size
    assert storage.read("job-a/upload") == data


def test_one_piece_may_be_larger_than_a_part(storage: Storage) -> None:
    data = noise(2 * PART_BYTES + 7)
    storage.put("job-a/pcm", data)
    assert storage.read("job-a/pcm") == data


def test_a_file_can_be_replaced(storage: Storage) -> None:
    storage.put("job-a/result.json", b"first, and longer")
    storage.put("job-a/result.json", memoryview(b"second"))
    assert storage.read("job-a/result.json") == b"second"


@pytest.mark.parametrize("size", SIZES)
def test_a_failure_while_writing_leaves_nothing(kept: Kept, size: int) -> None:
    with pytest.raises(KeyError), kept.storage.writing("job-a/upload") as file:
        if size:
            file.write(noise(size))
        raise KeyError("the client went away")
    assert kept.everything() == []
    assert kept.storage.jobs() == {}
    with pytest.raises(ValueError, match="given up"):
        file.write(b"more")


def test_a_range_is_exactly_that(storage: Storage) -> None:
    data = noise(MEGABYTE)
    storage.put("job-a/pcm", data)
    assert storage.read_range("job-a/pcm", 0, 10) == data[:10]
    assert storage.read_range("job-a/pcm", 1000, 2000) == data[1000:3000]
    assert storage.read_range("job-a/pcm", MEGABYTE - 1, 1) == data[-1:]
    for start in (MEGABYTE - 1, MEGABYTE, 3 * MEGABYTE):
        with pytest.raises(NotThere, match="job-a/pcm ends at byte"):
            storage.read_range("job-a/pcm", start, 2)


def test_it_is_opened_as_a_binary_file(storage: Storage) -> None:
    data = noise(3 * READ_AHEAD_BYTES + 11)
    storage.put("job-a/upload", data)
    with storage.open("job-a/upload") as file:
        assert file.readable() and file.seekable() and not file.writable()
        assert file.read(5) == data[:5]
        assert file.seek(-4, os.SEEK_END) == len(data) - 4
        assert file.read(100) == data[-4:] and file.read(1) == b""
        assert file.seek(READ_AHEAD_BYTES - 2) == file.tell()
        assert file.read(4) == data[READ_AHEAD_BYTES - 2 : READ_AHEAD_BYTES + 2]
        assert file.seek(10, os.SEEK_CUR) == READ_AHEAD_BYTES + 12
        assert file.read() == data[READ_AHEAD_BYTES + 12 :]
        assert file.seek(len(data) + 5) and file.read(1) == b""
        with pytest.raises(ValueError):
            file.seek(-1)
    storage.put("job-a/empty", b"")
    assert storage.open("job-a/empty").read() == b""


def test_what_goes_away_while_it_is_read_is_not_taken_for_its_end(storage: Storage) -> None:
    storage.put("job-a/upload", noise(3 * READ_AHEAD_BYTES))
    file = storage.open("job-a/upload")
    file.read(10)
    storage.erase("job-a")
    with pytest.raises(NotThere, match="deleted meanwhile"):
        file.read(2 * READ_AHEAD_BYTES)


@pytest.mark.parametrize("ask", ["read", "size", "open"])
def test_what_was_never_stored_is_not_there(storage: Storage, ask: str) -> None:
    with pytest.raises(NotThere, match="job-a/upload is not in .*: it was never stored"):
        getattr(storage, ask)("job-a/upload")
    with pytest.raises(NotThere):
        storage.read_range("job-a/upload", 0, 1)
    assert not storage.exists("job-a/upload")
    storage.remove("job-a/upload")
    storage.erase("job-a")


def test_jobs_are_listed_with_the_time_of_their_newest_file_and_erased_whole(kept: Kept) -> None:
    storage, before = kept.storage, time.time()
    for name in ("job-a/upload", "job-a/pcm", "job-ab/upload", "job-_-/upload"):
        storage.put(name, b"x")
    assert set(storage.jobs()) == {"job-a", "job-ab", "job-_-"}
    assert all(before - 2 < at < time.time() + 2 for at in storage.jobs().values())
    storage.erase("job-a")
    assert set(storage.jobs()) == {"job-ab", "job-_-"}
    storage.remove("job-ab/upload")
    assert set(storage.jobs()) == {"job-_-"} and not storage.exists("job-ab/upload")
    storage.erase("job-_-")
    assert kept.everything() == []


def test_the_files_of_others_are_neither_listed_nor_cleaned(kept: Kept) -> None:
    kept.storage.put("job-a/upload", b"x")
    for name in ("backup/.job", "job", "job-file"):
        kept.slip_in(name)
    there = sorted(kept.everything())
    assert set(kept.storage.jobs()) == {"job-a"}
    kept.storage.clean(time.time() + 60)
    assert sorted(kept.everything()) == there


def test_a_hundred_megabytes_take_no_memory(storage: Storage) -> None:
    block = noise(MEGABYTE)
    tracemalloc.start()
    try:
        with storage.writing("job-a/upload") as file:
            for _ in range(100):
                file.write(block)
        with storage.open("job-a/upload") as reading:
            for at in range(0, 100, 10):
                reading.seek(at * MEGABYTE)
                assert reading.read(MEGABYTE) == block
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5 * PART_BYTES


def test_what_a_killed_writer_left_is_not_seen_and_cleaned_later(kept: Kept) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, kept.url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None and child.stdin is not None
    with child:
        assert child.stdout.readline() == b"written\n"
        child.send_signal(signal.SIGKILL)
    assert len([name for name in kept.everything() if name.partition("job-killed/")[2]]) == 1
    assert not kept.storage.exists("job-killed/upload")
    assert kept.storage.clean(before=0) == 0, "it may still be at work"
    assert kept.storage.clean(before=time.time() + 60) == 1
    kept.storage.clean(before=time.time() + 60)
    assert kept.everything() == []


def test_many_threads_use_it_at_once(storage: Storage) -> None:
    def store(number: int) -> None:
        storage.put(f"job-{number}/upload", bytes([number]) * MEGABYTE)

    at_work = [threading.Thread(target=store, args=(number,)) for number in range(8)]
    for thread in at_work:
        thread.start()
    for thread in at_work:
        thread.join()
    assert all(storage.read(f"job-{number}/upload") == bytes([number]) * MEGABYTE for number in range(8))
