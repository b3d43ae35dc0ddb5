"""`.ci/run` on small projects with a real pytest: what it lets pass, and what it does not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.procfile import ROOT
from tests.eventually import PATIENCE
from tests.processes import clean_environ

MAKEFILE = "test-tools lint:\n\ntest:\n\t.venv/bin/python -m pytest\n"
SUITE = """
import pathlib, pytest

def once(name):
    mark = pathlib.Path(name)
    mark.write_text(mark.read_text() + "." if mark.exists() else ".")
    assert len(mark.read_text()) > 1

def test_good(): pass
"""
AT_FIRST = "def test_at_first(): once('mark')\n"
ALWAYS = "def test_always(): assert False\n"
SKIPPED = "def test_skipped(): pytest.skip('no Chromium here')\n"
BROKEN = "@pytest.fixture\ndef broken(): once('mark')\n\ndef test_broken(broken): pass\n"
ENDS = "def test_ends(): pytest.exit('no room on the disk')\n\ndef test_after(): assert False\n"


def ci(directory: Path, tests: str) -> "subprocess.CompletedProcess[str]":
    (directory / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", directory / ".ci" / "run")
    (directory / "Makefile").write_text(MAKEFILE)
    (directory / "pytest.ini").write_text("[pytest]\naddopts = -ra\n")
    (directory / "test_suite.py").write_text(SUITE + tests)
    python = directory / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    environ = {name: value for name, value in clean_environ().items() if not name.startswith(("PYTEST", "MAKE"))}
    return subprocess.run(
        ["bash", directory / ".ci" / "run"],
        env=environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # they take longer than the tests
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )


def test_all_passed(tmp_path: Path) -> None:
    ended = ci(tmp_path, "")
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    "tests",
    [ALWAYS, AT_FIRST, SKIPPED, BROKEN, ENDS],
    ids=["fails", "fails at first", "skipped", "error", "not all ran"],
)
def test_anything_else_does_not_pass(tmp_path: Path, tests: str) -> None:
    ended = ci(tmp_path, tests)
    assert ended.returncode != 0, ended.stdout
