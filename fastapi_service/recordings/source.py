"""The bytes of a recording as FFmpeg sees them: to be read and nothing else. The few facts in them that PyAV
does not tell are here as well."""

import errno
import os
from typing import BinaryIO

_PLACEHOLDERS = ((0, 0), (0x7FFF_0000, 0x8000_0040), (0xFFFF_0000, 0xFFFF_FFFF))
"""From, to: sizes in the header of a WAV whose writer could not go back to fill in the right one."""
_MOST_BOXES = 1000
_LONGEST_PAGE = 27 + 255 + 255 * 255


class Source:
    """FFmpeg takes what `file` raises for its end or for invalid data; so it is kept as `failure`, for the
    caller to raise. `file` must be seekable."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failure: Exception | None = None
        self.size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.head = self._at(0, 16)

    def read(self, size: int) -> bytes:
        if self.failure is not None:
            return b""
        try:
            return self._file.read(size)
        except Exception as failure:
            self.failure = failure
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """A negative result is an error, as in C: PyAV would keep an exception and raise it at a later call."""
        try:
            target = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._file.tell(), os.SEEK_END: self.size}[whence]
            return self._file.seek(target) if 0 <= target < 1 << 62 else -errno.EINVAL
        except Exception as failure:
            self.failure = failure
            return -errno.EIO

    def tell(self) -> int:
        return self._file.tell()

    def missing(self) -> int | None:
        """How many bytes a WAV or AVI is shorter than its header promises; None: another kind of file."""
        if self.head[:4] not in (b"RIFF", b"RF64"):
            return None
        promised = int.from_bytes(self.head[4:8], "little")
        if any(low <= promised <= high for low, high in _PLACEHOLDERS):
            return 0
        return max(0, 8 + promised - self.size)

    def ends_in_page(self) -> bool:
        """Whether an OGG ends within one of its pages (RFC 3533, section 6)."""
        end = self._at(max(0, self.size - _LONGEST_PAGE), _LONGEST_PAGE)
        page = end[end.rfind(b"OggS") :]
        if self.head[:4] != b"OggS" or page[:4] != b"OggS":
            return False
        segments = page[26] if len(page) > 26 else 255
        return len(page) < 27 + segments + sum(page[27 : 27 + segments])

    def counts_frames(self) -> bool:
        """Whether an MP3 says how many frames it has: the Xing or Info tag in its first one, after any ID3v2."""
        start, tag = self._at(0, 10), 0
        if start[:3] == b"ID3":
            for byte in start[6:10]:
                tag = tag << 7 | byte & 0x7F
            tag += 10
        frame = self._at(tag, 256)
        return b"Xing" in frame or b"Info" in frame

    def has_index(self) -> bool:
        """Whether an MP4 has its `moov` box, whole."""
        start = 0
        for _ in range(_MOST_BOXES):
            header = self._at(start, 16)
            size = int.from_bytes(header[:4], "big")
            if size == 1:
                size = int.from_bytes(header[8:16], "big")
            if header[4:8] == b"moov":
                return start + size <= self.size
            if size < 8 or start + size >= self.size:
                return False
            start += size
        return False

    def _at(self, start: int, size: int) -> bytes:
        """FFmpeg, which may be reading meanwhile, finds the file where it left it."""
        here = self._file.tell()
        self._file.seek(start)
        found = self._file.read(size)
        self._file.seek(here)
        return found
