"""The file `result_listener.log`: whole lines or nothing, on disk before `append` returns.

Rotates by size (`.1` is the newest old one), writes to a new file when logrotate or a person has
moved or removed the old, mends a last line torn by a crash. A failed write leaves the file as it was.
"""

import contextlib
import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from listener_service import past
from listener_service.line import TORN

log = logging.getLogger(__name__)

LOCK_SECONDS = 1.0
_NEVER: tuple[int, ...] = (-1,)


class LogFile:
    """`max_bytes` 0 never rotates; `backups` 0 begins the file anew instead of keeping old ones."""

    def __init__(self, path: Path, max_bytes: int, backups: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._file: int | None = None
        self._seen: tuple[int, ...] = _NEVER
        self._lockable = True

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process out, by a lock on the folder: the file itself may be moved.
        Raises OSError, after a second also when another process does not let go of it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._lock(folder)
            yield
        finally:
            os.close(folder)

    @property
    def changed(self) -> bool:
        """Whether the file is not as it was when it was last written here, or `seen`."""
        return self._stamp() != self._seen

    def seen(self) -> None:
        """What is in the file now is known. It is opened anew for the next write, which mends it."""
        self.close()
        self._seen = self._stamp()

    def recent_ids(self, most: int) -> list[str]:
        """Stream ids of the last lines, oldest first, the newest rotated file before the log
        itself. Raises OSError when a file is there that cannot be read."""
        return past.recent_ids([self._path, self._numbered(1)], most)

    def after(self, mark: str | None) -> list[str]:
        """The lines behind that one, see `past.after`. Raises OSError."""
        return past.after([self._numbered(number) for number in range(max(self._backups, 1) + 1)], mark)

    def is_full(self, line: str) -> bool:
        """Whether the file is rotated before this line is written."""
        try:
            return self._is_over(self._path.stat().st_size, len(line.encode()) + 1)
        except FileNotFoundError:
            return False

    def append(self, lines: Sequence[str]) -> int:
        """Write as many lines (without newlines in them) as fit into one file, at least one, and
        return how many. Raises OSError, and then none is written."""
        file = self._open()
        size = os.fstat(file).st_size
        data = [f"{line}\n".encode() for line in lines]
        if self._is_over(size, len(data[0])):
            file, size = self._rotate(), 0
        total = size + len(data[0])
        count = 1
        while count < len(data) and not (self._max_bytes and total + len(data[count]) > self._max_bytes):
            total += len(data[count])
            count += 1
        try:
            _write(file, b"".join(data[:count]))
            os.fsync(file)
        except OSError:
            self._undo(file, size)
            raise
        self._seen = self._stamp()
        return count

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock(self, folder: int) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while self._lockable:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    sentence = "another process is writing it; if that was stopped, let it go on or end it"
                    raise BlockingIOError(errno.EAGAIN, sentence) from None
                time.sleep(0.02)
            except OSError as error:
                self._lockable = False
                log.warning("the log's folder cannot be locked: let no two processes write it", extra={"error": error})

    def _is_over(self, size: int, more: int) -> bool:
        return bool(self._max_bytes and size and size + more > self._max_bytes)

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return ()
        return found.st_dev, found.st_ino, found.st_size

    def _open(self) -> int:
        """The descriptor of the file that has our name now."""
        if self._file is not None:
            ours = os.fstat(self._file)
            try:
                named = os.stat(self._path)
                if (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino):
                    return self._file
            except FileNotFoundError:
                pass  # moved away or removed: a new one is made
            self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            _mend(file)
        except OSError:
            os.close(file)
            raise
        self._file = file
        return file

    def _rotate(self) -> int:
        self.close()
        if not self._backups:
            self._path.unlink()
            return self._open()
        for number in range(self._backups, 0, -1):
            older = self._numbered(number - 1)
            if older.exists():
                os.replace(older, self._numbered(number))
        return self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path

    def _undo(self, file: int, size: int) -> None:
        """Cut off what a failed write left. Where that fails too, reopening mends the torn line."""
        try:
            os.ftruncate(file, size)
        except OSError:
            self.close()


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _mend(file: int) -> None:
    """End a last line that has no newline: it was torn by a crash, the next must not stick to it,
    and however much of it is there, it must not pass for a whole one."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        _write(file, f"{TORN}\n".encode())
