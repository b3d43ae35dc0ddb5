"""The benchmark runs as a whole; what it measures on a busy machine is not asserted."""

import json
import subprocess
import sys
from pathlib import Path

from scripts.procfile import ROOT
from tests.bench.parts import NAMES
from tests.eventually import PATIENCE
from tests.processes import clean_environ


def test_a_quick_pass_gives_a_table_and_json(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench", "--quick", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=clean_environ(), capture_output=True, text=True, timeout=5 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = tmp_path.glob("*.json")
    report = json.loads(path.read_text())
    assert report["whole"] is False
    rows = {row["name"]: row for row in report["rows"]}
    assert {
        *("transcript", "result", *(f"result.{name}" for name in NAMES), "overhead"),
        *("voice_detection", "streams", "encoder_passes", "partials", "word_times.cost", "word_times.error"),
        *("request.tiny.openai-whisper", "request.tiny.faster-whisper"),
        *("recording.12 s", "recording_throughput", "recording_prepared", "recording_memory", "recording_live"),
    } <= rows.keys()
    assert rows["encoder_passes"]["value"] == "1"
    assert rows["streams"]["figures"]["steps"][0]["lost"] == 0
    assert rows["streams"]["figures"]["steps"][0]["trouble"] == []
    assert "overhead" in done.stdout and rows["overhead"]["value"] in done.stdout
