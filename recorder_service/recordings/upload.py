"""A file on its way to the server: read from the disk as it leaves, and sent again when it did not arrive.

Each file has an `Idempotency-Key` for all its attempts. If the answer to one is lost after the server had
the whole recording, the next one finds the job that was made, instead of making another.
"""

import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder_service.closing import Refused
from recorder_service.patience import Patience
from recorder_service.recordings.server import Server


class Unfit(Exception):
    """A file or an option will not do; the message says why."""


@dataclass(frozen=True)
class Wishes:
    """How a recording is to be worked on; see the options of `upload`."""

    language: str | None = None
    task: str = "transcribe"
    words: bool = False
    priority: str = "normal"
    webhook: str | None = None
    reference: str | None = None


class Upload:
    """`told` hears of a name how many bytes of how many have left the disk; anew when all is sent again."""

    def __init__(self, path: Path, wishes: Wishes, told: Callable[[str, int, int], None]) -> None:
        if not path.is_file():
            raise Unfit(f"There is no file {path}")
        self.name = shown(path)
        self._path = path
        self._wishes = wishes
        self._told = told
        self._key = str(uuid.uuid4())
        self._furthest = 0

    def send(self, server: Server) -> dict[str, Any]:
        """The job that was made of it. Raises Refused, Unreachable, Unfit."""
        self._check_size(server)
        patience = Patience(server.access.waits)
        wishes = self._wishes
        # In the query what can be refused before a long upload; in the form what no log should show.
        query = {"task": wishes.task, "words": str(wishes.words).lower(), "priority": wishes.priority}
        if wishes.language:
            query["language"] = wishes.language
        form = {"webhook": wishes.webhook or "", "reference": wishes.reference or ""}

        def told(sent: int, size: int) -> None:
            self._told(self.name, sent, size)
            if sent > self._furthest:
                self._furthest = sent
                patience.progress()

        def once() -> dict[str, Any]:
            with Watched(self._path, told) as file:
                asked = {"params": query, "data": form, "files": {"file": (self.name, file)}}
                with server.answer("POST", "/v1/jobs", headers={"Idempotency-Key": self._key}, **asked) as answer:
                    answer.read()
                    job: dict[str, Any] = answer.json()
                    return job

        return server.persist(once, patience)


    def _check_size(self, server: Server) -> None:
        """A refusal is read only when all is sent, so what cannot be taken is better not begun with; without a
        secret the server does not say."""
        if not server.access.token:
            return
        size = self._path.stat().st_size
        most = server.json("GET", "/v1/jobs", params={"limit": 1}).get("most_bytes", size)
        if size > most:
            raise Refused(f"it has {size:,} bytes, and the server takes {most:,} at most")


class Watched(io.RawIOBase):
    """A file, as long as it was when it was opened, that tells how far it has been read."""

    def __init__(self, path: Path, told: Callable[[int, int], None]) -> None:
        self._path = path
        self._told = told
        try:
            self._file = path.open("rb")
            self.size = self._file.seek(0, io.SEEK_END)
            self._file.seek(0)
        except OSError as error:
            raise Unfit(f"{path} cannot be read: {error.strerror}") from None

    def readable(self) -> bool:
        return True

    def read(self, most: int = -1) -> bytes:
        left = max(0, self.size - self._file.tell())
        try:
            block = self._file.read(left if most < 0 else min(most, left))
        except OSError as error:
            raise Unfit(f"{self._path} cannot be read any further: {error.strerror}") from None
        if left and not block:
            raise Unfit(f"{self._path} became shorter while it was sent")
        if block:
            self._told(self._file.tell(), self.size)
        return block

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(self.size if whence == io.SEEK_END else place)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


def shown(path: Path) -> str:
    """A file's name as text: on Linux it may be any bytes."""
    return path.name.encode("utf-8", "replace").decode()
