"""A result on its way into a file, which is there when it is whole, or to standard output."""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from recorder_service.patience import Patience
from recorder_service.recordings.server import Server
from recorder_service.recordings.upload import Unfit

FORMS = ("txt", "json", "srt", "vtt", "csv")
STDOUT = "-"


@dataclass(frozen=True)
class Wanted:
    """`output`: a file, a folder in which each result gets its recording's name (made if it ends with a
    slash), or STDOUT."""

    form: str
    output: str = STDOUT

    def check(self, names: Sequence[str]) -> None:
        """Before anything is sent: whether the results of recordings with these names have a place. Raises Unfit."""
        if self.output == STDOUT:
            return
        place = Path(self.output)
        if self.output.endswith("/"):
            _make(place)
        folder = place if place.is_dir() else place.parent
        if not folder.is_dir():
            raise Unfit(f"There is no folder {folder}")
        if not os.access(folder, os.W_OK):
            raise Unfit(f"Nothing can be written into {folder}")
        if len(names) > len({self.path(name) for name in names}):
            what = "two of these have the same name without its ending" if place.is_dir() else "name a folder"
            raise Unfit(f"--output {self.output} holds one result: {what}")

    def path(self, name: str) -> Path | None:
        """None: standard output."""
        if self.output == STDOUT:
            return None
        place = Path(self.output)
        return place / f"{Path(name).stem}.{self.form}" if place.is_dir() else place


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Unfit(f"The folder {folder} cannot be made: {error.strerror}") from None


def wanted(form: str | None, output: str | None) -> Wanted | None:
    """What the options say; without a form a file's ending tells it."""
    if not (form or output):
        return None
    ending = Path(output or "").suffix.removeprefix(".").lower()
    return Wanted(form or (ending if ending in FORMS else "txt"), output or STDOUT)


def export(server: Server, job_id: str, form: str, path: Path | None) -> None:
    """To standard output without a `path`. Raises Refused, Unreachable, Unfit."""
    with tempfile.TemporaryFile() as whole:  # an attempt that breaks must leave nothing anywhere

        def once() -> None:
            whole.seek(0)
            whole.truncate()
            with server.answer("GET", f"/v1/jobs/{job_id}/result", params={"format": form}) as answer:
                for block in answer.iter_bytes():
                    whole.write(block)

        server.persist(once, Patience(server.access.waits))
        whole.seek(0)
        if path is None:
            shutil.copyfileobj(whole, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            _write(whole, path.resolve())


def _write(whole: BinaryIO, path: Path) -> None:
    special = path.exists() and not path.is_file()
    part = path if special else path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            shutil.copyfileobj(whole, file)
        if not special:
            part.replace(path)
    except OSError as error:
        if not special:
            part.unlink(missing_ok=True)
        raise Unfit(f"{path} cannot be written: {error.strerror}") from None
