"""The page's pure modules under node's own test runner: one node process, each of its tests reported here."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.eventually import PATIENCE

HERE = Path(__file__).parent
OLDEST = 18
"""What Debian 12 has; before 20.19 node takes .js files for modules only because of web/package.json."""


def node() -> str:
    """Path of a node that can run these tests."""
    path = shutil.which("node")
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout if path else ""
    if version and int(version.lstrip("v").split(".")[0]) >= OLDEST:
        return str(path)
    pytest.skip(f"node {OLDEST} or newer is not installed (found {version.strip() or 'none'}): install nodejs")


def test_page_modules() -> None:
    files = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    assert files
    # one process for all: a process per file, node's default, takes five times as long
    imports = [part for file in files for part in ("--import", file)]
    command = [node(), "--test-reporter=tap", *imports, "--eval", "0"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, run.stdout + run.stderr
    passed = re.search(r"^# pass (\d+)$", run.stdout, re.M)
    assert passed and int(passed[1]) >= len(files), run.stdout
