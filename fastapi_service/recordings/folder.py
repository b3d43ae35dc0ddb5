"""A folder that keeps the files of recordings as `{job}/{file}`, for the user alone who runs the service.

A file is written beside its place under a name with a dot before it, and moved there when it is on the
disk. What a killed writer leaves is such a file and nothing else.
"""

import contextlib
import errno
import math
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from fastapi_service.recordings.storage_errors import NotThere, StorageAway, StorageError, StorageFull

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)
JOBS = "job-*"


class Folder:
    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def check(self) -> None:
        with _told(self._root, "recordings"):
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self._root / f".probe.{secrets.token_hex(4)}"
            probe.touch(mode=0o600)
            probe.unlink()

    def sink(self, name: str) -> "_File":
        return _File(self._root, name)

    def read(self, name: str, start: int, end: int | None) -> bytes:
        with _told(self._root, name), (self._root / name).open("rb") as file:
            file.seek(start)
            return file.read() if end is None else file.read(max(0, end - start))

    def size(self, name: str) -> int:
        with _told(self._root, name):
            return (self._root / name).stat().st_size

    def remove(self, name: str) -> None:
        with _told(self._root, name):
            (self._root / name).unlink(missing_ok=True)
            _remove_empty((self._root / name).parent)

    def erase(self, job: str) -> None:
        """Out of sight in one step; a writer at work then finds its file gone when it finishes."""
        doomed = self._root / f".gone.{secrets.token_hex(8)}"
        with _told(self._root, job), contextlib.suppress(FileNotFoundError):
            os.rename(self._root / job, doomed)
            shutil.rmtree(doomed)

    def jobs(self) -> dict[str, float]:
        with _told(self._root, "recordings"):
            return {job.name: _newest(job) for job in self._root.glob(JOBS) if job.is_dir()}

    def clean(self, before: float) -> int:
        with _told(self._root, "what killed writers left"):
            left = [path for where in (".gone.*", ".probe.*", f"{JOBS}/.*") for path in self._root.glob(where)]
            old = [path for path in left if _newest(path) < before]
            for path in old:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            for job in self._root.glob(JOBS):
                if job.is_dir() and _newest(job) < before:
                    _remove_empty(job)
            return len(old)


class _File:
    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._name = name
        self._path = root / name
        self._begun = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        self._file: int | None = None
        self._is_begun = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        with _told(self._root, self._name):
            file = self._open()
            view = memoryview(data)
            while view:
                view = view[os.write(file, view) :]

    def finish(self) -> None:
        with _told(self._root, self._name):
            os.fsync(self._open())
            self._close()
            os.replace(self._begun, self._path)
            # the names, too, not what they name alone
            _settle(self._path.parent)
            _settle(self._root)

    def abort(self) -> None:
        if not self._is_begun:
            return
        with _told(self._root, self._name):
            self._close()
            self._begun.unlink(missing_ok=True)
            _remove_empty(self._path.parent)

    def _open(self) -> int:
        if self._file is None:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = os.open(self._begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._is_begun = True
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)


def _newest(path: Path) -> float:
    """When it or what is in it was written last (unix seconds); never, if it goes away just now."""
    try:
        inside = list(path.iterdir()) if path.is_dir() else []
        return max(found.lstat().st_mtime for found in (path, *inside))
    except FileNotFoundError:
        return math.inf


def _settle(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise


@contextlib.contextmanager
def _told(root: Path, what: str) -> Iterator[None]:
    """An OSError as one of ours, in words."""
    try:
        yield
    except OSError as error:
        raise _explained(error, root, what) from error


def _explained(error: OSError, root: Path, what: str) -> StorageError:
    reason = error.strerror or str(error)
    if error.errno in FULL:
        return StorageFull(f"no room for {what} in {root} ({reason}): free some, or set another STORAGE_URL")
    if error.errno in REFUSED:
        owner = "give it to the user that runs the service, or set another STORAGE_URL"
        return StorageAway(f"{root} cannot be used for {what} ({reason}): {owner}")
    if error.errno != errno.ENOENT:
        return StorageAway(f"{root} failed for {what} ({reason}): look at its disk, or set another STORAGE_URL")
    if not root.is_dir():
        return StorageAway(f"the folder {root} is not there for {what}: is its disk mounted?")
    return NotThere(f"{what} is not in {root}: it was never stored, or deleted meanwhile")
