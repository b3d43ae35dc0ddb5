"""The listener's entrypoint: the log folder gets an owner, the service that owner's rights."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.procfile import ROOT
from tests.eventually import PATIENCE
from tests.processes import clean_environ

SCRIPT = str(ROOT / "docker" / "log_owner.sh")
AS_ROOT = os.geteuid() == 0


def run(log: Path, *command: str, **settings: str) -> str:
    environ = clean_environ(RESULT_LOG=str(log), **settings)
    done = subprocess.run(
        [SCRIPT, *command], env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not under pytest's own folder, which other users may not enter."""
    with tempfile.TemporaryDirectory(prefix="log-owner-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_a_folder_of_root_goes_to_log_uid(folder: Path) -> None:
    log = folder / "logs" / "result_listener.log"
    expected = 4711 if AS_ROOT else os.geteuid()
    assert run(log, "id", "-u", LOG_UID="4711") == str(expected)
    assert (log.stat().st_uid, log.parent.stat().st_uid) == (expected, expected)
    assert run(log, "id", "-G", LOG_UID="4712") == str(expected if AS_ROOT else run(log, "id", "-G"))


def test_a_folder_that_has_an_owner_keeps_it(folder: Path) -> None:
    log = folder / "logs" / "result_listener.log"
    log.parent.mkdir()
    (log.parent / "result_listener.log.1").touch()
    expected = 4242 if AS_ROOT else os.geteuid()
    os.chown(log.parent, expected, -1 if not AS_ROOT else expected)
    assert run(log, "id", "-u") == str(expected)
    assert {file.stat().st_uid for file in log.parent.iterdir()} == {expected}


def test_arguments_and_the_exit_status_are_the_commands(folder: Path) -> None:
    log = folder / "result_listener.log"
    assert run(log, "printf", "%s|", "a b", "$c", "") == "a b|$c||"
    failed = subprocess.run([SCRIPT, "sh", "-c", "exit 7"], env=clean_environ(RESULT_LOG=str(log)), check=False)
    assert failed.returncode == 7
