"""The recorded sentences of tests/data/speech, and speaking them to a running pipeline."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.procfile import ROOT
from tests.eventually import PATIENCE
from tests.processes import clean_environ

FOLDER = ROOT / "tests" / "data" / "speech"


@dataclass(frozen=True)
class Clip:
    """A recording, what is said in it (and what that means in English), and the sentiment of that."""

    file: str
    text: str
    label: str
    voice: str
    language: str
    english: str = ""

    @property
    def path(self) -> Path:
        return FOLDER / self.file


def clips(language: str = "en") -> list[Clip]:
    """Every sentence of a language in the order of the index."""
    index = json.loads((FOLDER / "index.json").read_text())
    return [Clip(**entry) for entry in index if entry["language"] == language]


class Speaker:
    """The recorder, streaming a file in a process of its own."""

    def __init__(self, url: str, path: Path, *options: str) -> None:
        command = [sys.executable, "-m", "recorder_service", "stream", str(path), "--json", "--url", url, *options]
        self._child = subprocess.Popen(
            command, cwd=ROOT, env=clean_environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def messages(self, timeout: float = 2 * PATIENCE) -> list[dict[str, Any]]:
        """Everything the server said, in order; the recorder must have ended well."""
        out, errors = self._child.communicate(timeout=timeout)
        assert self._child.returncode == 0, f"status {self._child.returncode}: {errors}\n{out[-2000:]}"
        return [json.loads(line) for line in out.splitlines()]


def speak(url: str, path: Path, *options: str) -> list[dict[str, Any]]:
    """Stream one file, as fast as the server takes it unless told otherwise."""
    return Speaker(url, path, *(options or ("--fast",))).messages()


def of_kind(messages: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] in kinds]


def words(text: str) -> list[str]:
    """Words without case and punctuation, as a listener would compare them."""
    return "".join(c for c in text.lower() if c.isalnum() or c in " '").split()


def said(messages: list[dict[str, Any]]) -> list[str]:
    """The words of all results, in order."""
    return [word for result in of_kind(messages, "result") for word in words(result["text"])]
