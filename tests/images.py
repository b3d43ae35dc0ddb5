"""Images as their Dockerfiles and docker-compose.yml say them, and one made without Docker: its requirements alone
in an environment of its own, the files that it copies alone in a folder.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from scripts.procfile import ROOT
from tests.eventually import PATIENCE
from tests.imports import closure, modules_in
from tests.processes import Process, clean_environ

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
FOLDER_OF = {
    service: settings["build"]["dockerfile"].removesuffix("/Dockerfile")
    for service, settings in SERVICES.items()
    if "build" in settings and (ROOT / settings["build"]["dockerfile"]).with_name("requirements.txt").exists()
}
"""Each service of compose that is ours and in Python -> the folder of its image."""
IMAGES = sorted(set(FOLDER_OF.values()))
UNPACKAGED = {"recorder_service": ["contracts", "recorder_service"]}
"""What has no image, and what it needs."""
NOT_RUN = {"docker/monitoring": {"contracts.sqs": "Flower does not start with sqs:// queues"}}
"""Modules that an image has and its processes never import, and why."""


def dockerfile(folder: str) -> list[tuple[str, str]]:
    """(instruction, rest) of each instruction, continuation lines joined."""
    text = (ROOT / folder / "Dockerfile").read_text()
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines if line.strip()]


def instruction(folder: str, name: str) -> list[str]:
    return [rest for found, rest in dockerfile(folder) if found == name]


def copied(folder: str) -> list[str]:
    """Folders of ours that the image has, each at the same place."""
    if folder in UNPACKAGED:
        return UNPACKAGED[folder]
    pairs = [rest.split() for rest in instruction(folder, "COPY")]
    assert all(source == target for source, target in pairs), f"{folder} has files of ours at another place"
    return [source.rstrip("/") for source, _ in pairs if source.endswith("/")]


def command(service: str) -> list[str]:
    """What a service of compose runs, without its image's entrypoint."""
    entrypoint: list[str] | None = SERVICES[service].get("entrypoint")
    return entrypoint or json.loads(instruction(FOLDER_OF[service], "CMD")[-1])


def imported(folder: str) -> dict[str, str]:
    """Every module that its processes may import, outside the standard library -> one that imports it."""
    health = ["docker.service_health"] if folder in IMAGES else []
    return closure(modules_in(folder) + health, NOT_RUN.get(folder, {}))


class Image:
    """Made when it is constructed, in `directory`. Raises AssertionError with what pip said."""

    def __init__(self, folder: str, directory: Path) -> None:
        self.code = directory / "app"
        self._directory = directory
        self._python = directory / "environment" / "bin" / "python"
        for source in copied(folder):
            shutil.copytree(ROOT / source, self.code / source, ignore=_not_sent_to_the_builder)
        _run([sys.executable, "-m", "venv", "--without-pip", directory / "environment"], ROOT, clean_environ())
        pip = [sys.executable, "-m", "pip", "--python", self._python, "--disable-pip-version-check", "install"]
        requirements = ROOT / folder / "requirements.txt"
        _run([*pip, "--quiet", "--no-compile", "--requirement", requirements], ROOT, clean_environ())

    def process(self, name: str, words: Iterable[str], **settings: str) -> Process:
        """`words`: a command that begins with `python`, as in the image."""
        return Process(name, shlex.join(words), self._directory, self._environ(settings), self.code)

    def run(self, words: Iterable[str], **settings: str) -> str:
        """The output of a command that begins with `python`. AssertionError with it when it fails."""
        _, *arguments = words
        return _run([self._python, *arguments], self.code, self._environ(settings))

    def _environ(self, settings: dict[str, str]) -> dict[str, str]:
        path = f"{self._python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        environ = clean_environ(PATH=path, PYTHONNOUSERSITE="1", **settings)
        return {name: value for name, value in environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def _run(words: list[str | Path], folder: Path, environ: dict[str, str]) -> str:
    ended = subprocess.run(
        words,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * PATIENCE,
    )
    assert ended.returncode == 0, f"{' '.join(map(str, words))} ended with {ended.returncode}:\n{ended.stdout[-6000:]}"
    return ended.stdout


def _not_sent_to_the_builder(folder: str, names: list[str]) -> set[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line.removeprefix("**/") for line in lines if line and line[0] not in "#!" and line != "*"]
    relative = Path(folder).relative_to(ROOT)
    return {
        name
        for name in names
        if any(fnmatch.fnmatch(seen, pattern) for pattern in patterns for seen in (name, str(relative / name)))
    }
