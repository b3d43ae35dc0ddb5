"""The file `result_listener.log`: whole lines or nothing, on disk before `append` returns.

Rotates by size (`.1` is the newest old one), writes to a new file when logrotate or a person has
moved or removed the old, mends a last line torn by a crash. A failed write leaves the file as it was.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

TAIL_BYTES = 4 * 1024 * 1024
_ID = re.compile(rb" id=(\d+-\d+)\r?$", re.MULTILINE)


class LogFile:
    """`max_bytes` 0 never rotates; `backups` 0 begins the file anew instead of keeping old ones."""

    def __init__(self, path: Path, max_bytes: int, backups: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._file: int | None = None

    def recent_ids(self, most: int) -> list[str]:
        """Stream ids of the last lines, oldest first, the newest rotated file before the log
        itself. Raises OSError when a file is there that cannot be read."""
        found: list[bytes] = []
        for path in (self._numbered(1), self._path):
            if path.exists():
                found += _ID.findall(_tail(path))
        return [entry_id.decode() for entry_id in found[-most:]]

    def append(self, lines: Sequence[str]) -> int:
        """Write as many lines (without newlines in them) as fit into one file, at least one, and
        return how many. Raises OSError, and then none is written."""
        file = self._open()
        size = os.fstat(file).st_size
        data = [f"{line}\n".encode() for line in lines]
        if self._max_bytes and size and size + len(data[0]) > self._max_bytes:
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
        return count

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

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
    """End a last line that has no newline: it was torn by a crash, the next must not stick to it."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        _write(file, b"\n")


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return file.read(TAIL_BYTES)
