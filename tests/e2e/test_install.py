"""What `make` does first, on a checkout with a space in its path and next to nothing to install: the
rest of the requirements is the package index's affair."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.procfile import ROOT
from tests.eventually import PATIENCE, eventually
from tests.processes import clean_environ

SHELL = ["sh", "scripts/install.sh", "run"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "my checkout"
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "requirements.txt").write_text("# nothing\n")
    return folder


def install(checkout: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    settings = clean_environ(**({"PYTHON": sys.executable, "PIP_NO_INDEX": "1"} | environ))
    return subprocess.run(
        SHELL, cwd=checkout, env=settings, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_a_half_made_environment_is_made_again_a_whole_one_left_alone_and_failure_is_a_sentence(checkout: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    first = install(checkout)
    assert first.returncode == 0, first.stderr
    assert "Making .venv" in first.stderr
    again = install(checkout)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    (checkout / "requirements.txt").write_text("# something else\n")
    changed = install(checkout)
    assert changed.returncode == 0
    assert "Installing requirements.txt" in changed.stderr
    assert "Making .venv" not in changed.stderr
    (checkout / "requirements.txt").write_text("no-such-package-anywhere==1.0\n")
    failed = install(checkout)
    assert failed.returncode == 1
    assert "is the network reachable" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_without_a_new_enough_python_it_says_where_to_get_one(checkout: Path) -> None:
    refused = install(checkout, PYTHON="/nowhere/python3")
    assert refused.returncode == 1
    assert "PYTHON=/nowhere/python3 is not a Python 3.11 or newer" in refused.stderr


def test_two_at_a_time_install_once(checkout: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    environ = clean_environ(PYTHON=sys.executable, PIP_NO_INDEX="1")
    first = os.open(checkout, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    with said.open("w") as errors:
        second = subprocess.Popen(SHELL, cwd=checkout, env=environ, stderr=errors)
    try:
        eventually(lambda: "waiting for it" in said.read_text())
        assert not (checkout / ".venv").exists()
        os.close(first)  # as when it ends, or is killed
        assert second.wait(PATIENCE) == 0
    finally:
        second.kill()
        second.wait()
    assert "Making .venv" in said.read_text()
    assert install(checkout).stderr == ""
