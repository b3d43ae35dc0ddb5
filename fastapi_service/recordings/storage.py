"""Where the files of recordings are kept: a folder, or a bucket of any S3-compatible service.

A file's name is `{job}/{file}`. It is there once its writing is finished, whole, and not a byte before.
Every method blocks and may be called from any thread. The workers call it as it is, the conductor with
`asyncio.to_thread(storage.read, name)`, the gateway in threads of a pool for it alone, since a storage that
does not answer holds them up, and for an upload with `receiving`. All raise StorageError's three
kinds. Nothing here knows paths or S3.
"""

import io
import logging
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import unquote, urlsplit

from contracts.env import SettingError
from fastapi_service.recordings.folder import Folder
from fastapi_service.recordings.storage_errors import NotThere, StorageError

log = logging.getLogger(__name__)

JOB = re.compile(r"job-[A-Za-z0-9_-]{1,100}")
"""Jobs alone are listed and erased: what else lies in the folder or the bucket is somebody else's."""
NAME = re.compile(JOB.pattern + r"/[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
BUCKET = re.compile(r"//([A-Za-z0-9][A-Za-z0-9.-]{1,61}[A-Za-z0-9])((?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)/?")
READ_AHEAD_BYTES = 1 << 20

Bytes = bytes | bytearray | memoryview


class Sink(Protocol):
    """What a place writes one file with; never two calls at once, none after `finish` or `abort`."""

    def write(self, data: Bytes) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


class Place(Protocol):
    """A folder or a bucket. `read` gives what there is between two bytes, as a slice does."""

    def check(self) -> None: ...
    def sink(self, name: str) -> Sink: ...
    def read(self, name: str, start: int, end: int | None) -> bytes: ...
    def size(self, name: str) -> int: ...
    def remove(self, name: str) -> None: ...
    def erase(self, job: str) -> None: ...
    def jobs(self) -> Mapping[str, float]: ...
    def clean(self, before: float) -> int: ...


class Writing:
    """A file on its way in; at most one part of it is in memory. Used with `with` it is finished at the end and
    aborted by an exception. A call waits for another thread's, so that an abort may come at any time."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._one_at_a_time = threading.Lock()
        self._over = False

    def write(self, data: Bytes) -> None:
        with self._one_at_a_time:
            self._check()
            self._sink.write(data)

    def finish(self) -> None:
        with self._one_at_a_time:
            self._check()
            self._sink.finish()
            self._over = True

    def abort(self) -> None:
        """Leave nothing behind. What cannot be removed now is told in the log and left to `Storage.clean`."""
        with self._one_at_a_time:
            if self._over:
                return
            self._over = True
            try:
                self._sink.abort()
            except StorageError as error:
                log.warning("what was written of an unfinished file stays for now", extra={"error": error})

    def _check(self) -> None:
        if self._over:
            raise ValueError("this file is finished or given up")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.abort()


class Storage:
    def __init__(self, place: Place) -> None:
        self._place = place

    def check(self) -> None:
        """To be asked at the start, which makes the folder, and for the health page. Raises StorageError."""
        self._place.check()

    def writing(self, name: str) -> Writing:
        """Does nothing yet: a file begins with its first `write`."""
        return Writing(self._place.sink(_checked(NAME, name)))

    def put(self, name: str, data: Bytes) -> None:
        with self.writing(name) as file:
            file.write(data)

    def read(self, name: str) -> bytes:
        return self._place.read(_checked(NAME, name), 0, None)

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Exactly those bytes; NotThere if the file ends before."""
        found = self._place.read(_checked(NAME, name), start, start + length)
        if len(found) != length:
            raise NotThere(f"{name} ends at byte {start + len(found)}, before the {length} bytes from {start} on")
        return found

    def open(self, name: str) -> io.BufferedReader:
        """For what wants a seekable binary file, as PyAV does. An error while reading is a StorageError too."""
        return io.BufferedReader(_Ranges(self._place, name, self.size(name)), READ_AHEAD_BYTES)

    def size(self, name: str) -> int:
        return self._place.size(_checked(NAME, name))

    def exists(self, name: str) -> bool:
        try:
            self.size(name)
        except NotThere:
            return False
        return True

    def remove(self, name: str) -> None:
        """One file; none is no error."""
        self._place.remove(_checked(NAME, name))

    def erase(self, job: str) -> None:
        """All files of a job; none is no error. What is being written of it meanwhile may come out whole."""
        self._place.erase(_checked(JOB, job))

    def jobs(self) -> dict[str, float]:
        """Every job that has a file, and when its newest one was written (unix seconds). Files may be here
        a little before Redis knows of their job: an orphan is one that Redis does not know and that is old."""
        return {job: at for job, at in self._place.jobs().items() if JOB.fullmatch(job)}

    def clean(self, before: float) -> int:
        """Remove what killed writers began before then (unix seconds) and left; returns how much of it."""
        return self._place.clean(before)


class _Ranges(io.RawIOBase):
    """A stored file read piece by piece."""

    def __init__(self, place: Place, name: str, size: int) -> None:
        self._place = place
        self._name = name
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise ValueError(f"cannot seek to {origin + offset}, before the file's beginning")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        found = self._place.read(self._name, self._position, end)
        if len(found) != end - self._position:
            raise NotThere(f"{self._name} is shorter than it was when it was opened")
        buffer[: len(found)] = found
        self._position = end
        return len(found)


def open_storage(url: str) -> Storage:
    """A folder's path, file:///folder or s3://bucket/prefix, whose service and credentials come from AWS_*
    (docs/storage.md). Reaches nothing yet: see `Storage.check`. Raises SettingError."""
    scheme, colon, rest = url.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return Storage(Folder(Path(url).expanduser()))
    if scheme == "file" and rest.startswith("/"):
        parts = urlsplit(url)
        if parts.netloc in ("", "localhost"):
            return Storage(Folder(Path(unquote(parts.path))))
    if scheme == "s3":
        found = BUCKET.fullmatch(rest)
        if found:
            # not before it is chosen: 40 MB of memory
            from fastapi_service.recordings.bucket import Bucket

            return Storage(Bucket(found[1], found[2].strip("/")))
    shown = re.sub(r"//.*@", "//***@", url)
    raise SettingError(
        f"STORAGE_URL={shown!r}: use the path of a folder, file:///folder, or s3://bucket/prefix with the"
        " service and its credentials in AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def _checked(pattern: re.Pattern[str], name: str) -> str:
    """Names are ours; one that is not would reach outside."""
    if not pattern.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a job or of a job's file")
    return name
