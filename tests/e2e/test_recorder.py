"""What the recorder tells its caller when it cannot stream: status and sentence."""

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recorder_service.sources import AudioFile, BadAudio
from scripts.procfile import ROOT
from tests.eventually import PATIENCE
from tests.ports import free_port
from tests.processes import clean_environ
from tests.running_gateway import played_pipeline, silence, voice


def record(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "recorder_service", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=clean_environ(), capture_output=True, text=True, timeout=PATIENCE)
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


def test_a_damaged_file_says_from_where_on(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.flac", tmp_path / "cut.flac"
    noise = np.random.default_rng(1).standard_normal(32_000).astype(np.float32) / 10
    soundfile.write(whole, noise, 16_000)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    source = AudioFile(cut, fast=True)

    async def listen() -> int:
        blocks = 0
        while await source.read() is not None:
            blocks += 1
        return blocks

    with pytest.raises(BadAudio, match=r"damaged after sample \d+: "):
        asyncio.run(listen())


def test_nobody_who_reads_is_status_141(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.tile(np.concatenate([voice(1.5), silence(1.0)]), 8), 16_000)
    with played_pipeline(tmp_path) as (gateway, _):
        command = [sys.executable, "-m", "recorder_service", "stream", str(tmp_path / "a.wav"), "--json"]
        command += ["--fast", "--url", f"localhost:{gateway.port}"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, cwd=ROOT, env=clean_environ(), **pipes) as run:
            assert run.stdout and run.stderr
            assert run.stdout.readline().startswith(b'{"type":"ready"')
            run.stdout.close()
            assert run.wait(PATIENCE) == 141
            assert run.stderr.read() == b""


def test_no_server_is_status_3(file: str) -> None:
    status, errors = record("stream", file, "--url", f"localhost:{free_port()}")
    assert status == 3
    assert "Cannot connect to ws://localhost:" in errors
