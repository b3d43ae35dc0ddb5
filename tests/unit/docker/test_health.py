"""What the containers' health check concludes from a heartbeat file."""

import os
import subprocess
import sys
import time
from pathlib import Path

from contracts import codec
from contracts.messages import Heartbeat
from docker.service_health import QUIET_SECONDS, problem
from scripts.procfile import ROOT
from tests.eventually import PATIENCE

NOW = 1_800_000_000.0


def beaten(folder: Path, state: str, reason: str | None = None, at: float = NOW) -> Path:
    path = folder / "heartbeat"
    path.write_text(codec.dumps(Heartbeat("w", "stt_worker", state, reason=reason)))
    os.utime(path, (at, at))
    return path


def test_a_process_that_said_lately_that_it_is_ready_is_healthy(tmp_path: Path) -> None:
    assert problem(beaten(tmp_path, "ready", at=NOW - QUIET_SECONDS), NOW) is None
    assert problem(beaten(tmp_path, "ready", at=NOW + 60), NOW) is None  # the clock was set back


def test_one_that_is_not_ready_says_why(tmp_path: Path) -> None:
    assert problem(beaten(tmp_path, "failed", "no disk"), NOW) == "failed: no disk"
    assert problem(beaten(tmp_path, "loading"), NOW) == "loading: not ready yet"


def test_one_that_has_stopped_or_not_begun_is_not_healthy(tmp_path: Path) -> None:
    quiet = beaten(tmp_path, "ready", at=NOW - QUIET_SECONDS - 1)
    assert problem(quiet, NOW) == "no sign of life for 16 s: the process has stopped or hangs"
    assert problem(tmp_path / "missing", NOW) == "no heartbeat: the process has not got as far"


def test_what_is_no_heartbeat_is_told(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat"
    path.write_text("half a li")
    assert f"{path} is no heartbeat: not JSON" in str(problem(path, time.time()))
    assert "is no heartbeat" in str(problem(tmp_path, time.time()))


def test_the_check_answers_by_its_exit_status(tmp_path: Path) -> None:
    def check(path: Path) -> tuple[int, str]:
        command = [sys.executable, "-m", "docker.service_health"]
        environ = os.environ | {"HEARTBEAT_FILE": str(path)}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout

    assert check(beaten(tmp_path, "ready", at=time.time())) == (0, "ready\n")
    assert check(beaten(tmp_path, "failed", "no disk", at=time.time())) == (1, "failed: no disk\n")
