"""Reading the log and its rotated files back: which entries are in it, what came after a line.

Only whole lines count: what has no newline was torn by a crash, even if it looks complete.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from listener_service import line
from listener_service.place import order

TAIL_BYTES = 4 * 1024 * 1024
MOST_BYTES = 64 * 1024 * 1024
"""So much is read at most to rebuild the statistics: the log and its rotated files at their default size."""

_ID = re.compile(rb" id=(\d{1,20}-\d{1,20})\r?\n")


def recent_ids(paths: Sequence[Path], most: int) -> list[str]:
    """Ids of the entries of the last lines, oldest first; `paths` are the log and the newest rotated
    file. Raises OSError when a file is there that cannot be read."""
    found: list[bytes] = []
    for path in reversed(paths):
        found += _ID.findall(_end(path, TAIL_BYTES))
    return [entry_id.decode() for entry_id in found[-most:]]


def after(paths: Sequence[Path], mark: str | None, most: int = MOST_BYTES) -> list[str]:
    """The lines behind the one with that `line.mark`, in the order written; all that there are
    without one. `paths` begins with the log, then its rotated files, the newest first. If the
    marked line is in none of them, the lines whose entries are newer. Reads `most` bytes. Raises OSError."""
    pieces: list[bytes] = []
    left = most
    found = False
    for path in paths:
        data = _end(path, left)
        left -= len(data)
        position = data.rfind(f" {mark}\n".encode())
        if position >= 0:
            data = data[data.index(b"\n", position) + 1 :]
            found = True
        pieces.append(data)
        if found or left <= 0:
            break
    lines = [text for piece in reversed(pieces) for text in piece.decode(errors="replace").split("\n") if text]
    return lines if found or mark is None else [text for text in lines if is_newer(line.mark(text), mark)]


def is_newer(mark: str | None, than: str | None) -> bool:
    """Whether the line with `mark` is of a newer entry; any is newer than none."""
    if mark is None or than is None:
        return mark is not None
    return order(mark.partition("=")[2]) > order(than.partition("=")[2])


def _end(path: Path, most: int) -> bytes:
    """The whole lines among the last `most` bytes of a file; nothing if it is not there or no file."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        begin = max(0, path.stat().st_size - most)
        file.seek(begin)
        data = file.read(most)
    first = data.find(b"\n") + 1 if begin else 0
    return data[first : data.rfind(b"\n") + 1]
