"""The client that the README shows, run as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from scripts.procfile import ROOT
from tests.eventually import PATIENCE
from tests.running_gateway import played_pipeline, silence, voice

(CLIENT,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_client_in_the_readme_prints_label_and_words(tmp_path: Path) -> None:
    said = np.concatenate([silence(0.5), voice(1.2), silence(1.2), voice(1.2), silence(1.2)])
    (tmp_path / "speech.f32").write_bytes(said.astype("<f4").tobytes())
    with played_pipeline(tmp_path) as (gateway, _):
        code = CLIENT.replace("localhost:8000", f"127.0.0.1:{gateway.port}")
        command = [sys.executable, "-W", "error", "-c", code]
        client = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert client.returncode == 0, client.stderr
    first, second = client.stdout.splitlines()
    assert first.startswith("NEUTRAL utterance 1 of")
    assert second.startswith("NEUTRAL utterance 2 of")
