"""The folder on a real disk, on one that is full, read-only or not there."""

import os
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fastapi_service.recordings.storage import Storage, open_storage
from fastapi_service.recordings.storage_errors import NotThere, StorageAway, StorageFull

MEGABYTE = 1 << 20


def folder(path: Path) -> Storage:
    storage = open_storage(str(path))
    storage.check()
    return storage


@contextmanager
def mounted(path: Path, options: str) -> Iterator[None]:
    """A small disk of its own at `path`, where the test may mount one."""
    path.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", path], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    storage = folder(tmp_path / "kept")
    storage.put("job-a/upload", b"x")
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "kept", *(tmp_path / "kept").rglob("*"))]
    assert modes == [0o700, 0o700, 0o600]


def test_a_full_disk_says_so_and_leaves_room_again(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=2m"):
        storage = folder(tmp_path / "disk" / "kept")
        with pytest.raises(StorageFull, match=r"no room for job-a/upload in .*No space left.*another STORAGE_URL"):
            storage.put("job-a/upload", bytes(3 * MEGABYTE))
        assert storage.jobs() == {} and list((tmp_path / "disk" / "kept").iterdir()) == []
        storage.put("job-b/upload", bytes(MEGABYTE))
        assert storage.size("job-b/upload") == MEGABYTE


def test_a_file_longer_than_the_system_allows_is_no_room(tmp_path: Path) -> None:
    storage = folder(tmp_path / "kept")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, before[1]))
    try:
        with pytest.raises(StorageFull, match="File too large"):
            storage.put("job-a/upload", bytes(2 * MEGABYTE))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_disk_that_only_can_be_read(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "ro"):
        for path in (tmp_path / "disk", tmp_path / "disk" / "kept"):
            with pytest.raises(StorageAway, match=r"cannot be used for recordings \(Read-only file system\): give it"):
                open_storage(str(path)).check()
        with pytest.raises(StorageAway, match="cannot be used for job-a/upload"):
            open_storage(str(tmp_path / "disk")).put("job-a/upload", b"x")


def test_a_folder_that_went_away_is_not_a_missing_file(tmp_path: Path) -> None:
    storage = folder(tmp_path / "kept")
    (tmp_path / "kept").rmdir()
    with pytest.raises(StorageAway, match="is its disk mounted"):
        storage.read("job-a/upload")
    assert storage.jobs() == {}
    storage.put("job-a/upload", b"made again")
    assert storage.read("job-a/upload") == b"made again"


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    storage = open_storage(str(tmp_path / "file"))
    with pytest.raises(StorageAway, match="file failed for recordings"):
        storage.check()
    with pytest.raises(StorageAway, match="file failed for job-a/upload"):
        storage.put("job-a/upload", b"x")


def test_a_job_erased_while_it_is_written_does_not_come_back(tmp_path: Path) -> None:
    storage = folder(tmp_path / "kept")
    file = storage.writing("job-a/upload")
    file.write(b"x")
    storage.erase("job-a")
    with pytest.raises(NotThere, match="deleted meanwhile"), file:
        pass
    assert list((tmp_path / "kept").iterdir()) == []


def test_an_erasure_that_was_killed_is_finished_by_cleaning(tmp_path: Path) -> None:
    storage = folder(tmp_path / "kept")
    (tmp_path / "kept" / ".gone.1").mkdir()
    (tmp_path / "kept" / ".gone.1" / "upload").touch()
    assert storage.clean(before=time.time() - 3600) == 0
    assert storage.clean(before=time.time() + 60) == 1
    assert list((tmp_path / "kept").iterdir()) == []


def test_cleaning_spares_what_is_still_written(tmp_path: Path) -> None:
    storage = folder(tmp_path / "kept")
    old = storage.writing("job-old/upload")
    old.write(b"x")
    (begun,) = (tmp_path / "kept" / "job-old").iterdir()
    for path in (begun, begun.parent):
        os.utime(path, (0, 0))
    with storage.writing("job-new/upload") as new:
        new.write(b"y")
        assert storage.clean(before=time.time() - 3600) == 1
    old.abort()
    assert list(storage.jobs()) == ["job-new"]
