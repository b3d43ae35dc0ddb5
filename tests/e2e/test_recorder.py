"""What the recorder tells its caller when it cannot stream: status and sentence."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scripts.procfile import ROOT
from tests.processes import clean_environ, free_port


def record(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "recorder_service", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=clean_environ(), capture_output=True, text=True, timeout=60)
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, run.stderr


@pytest.fixture
def file(tmp_path: Path) -> str:
    soundfile.write(tmp_path / "a.wav", np.zeros(1600, np.float32), 16_000)
    return str(tmp_path / "a.wav")


def test_options_and_files_that_will_not_do_are_status_2(tmp_path: Path) -> None:
    assert record("stream")[0] == 2
    status, errors = record("stream", str(tmp_path / "none.wav"))
    assert status == 2
    assert "There is no file" in errors
    (tmp_path / "no.wav").write_bytes(b"RIFF")
    status, errors = record("stream", str(tmp_path / "no.wav"))
    assert status == 2
    assert "WAV and FLAC can" in errors


def test_no_server_is_status_3(file: str) -> None:
    status, errors = record("stream", file, "--url", f"localhost:{free_port()}")
    assert status == 3
    assert "Cannot connect to ws://localhost:" in errors
