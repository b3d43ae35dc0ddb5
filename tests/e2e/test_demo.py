"""`make demo` with nothing running: the shipped recording, its words and labels, and nothing left behind."""

import json
import re
import signal
from pathlib import Path

from scripts import state
from scripts.procfile import ROOT
from tests.eventually import PATIENCE, eventually
from tests.ports import free_port
from tests.processes import Process, clean_environ
from tests.speech import words

SENTENCES = json.loads((ROOT / "models" / "demo.json").read_text())


def test_the_shipped_recording_comes_out_right(tmp_path: Path) -> None:
    folder, log = tmp_path / "run", tmp_path / "result.log"
    environ = clean_environ(DEMO_MODELS="always", PORT=str(free_port()), RUN_DIR=str(folder), RESULT_LOG=str(log))
    with Process("demo", "make --no-print-directory demo", tmp_path, environ) as demo:
        assert demo.wait(5 * PATIENCE) == 0, demo.output
    captions = demo.output.split(f"In {log}:")[0]
    found = re.findall(r"^\[[\d:. -]+\] (.*?)  (\w+) [+-]\d", captions, re.MULTILINE)
    assert [word for text, _ in found for word in words(text)] == [w for s in SENTENCES for w in words(s["text"])]
    assert [label for _, label in found] == [sentence["label"] for sentence in SENTENCES]
    assert log.read_text().count("session=") >= len(SENTENCES)
    assert (folder / "state.json").read_text() == ""


def test_a_closed_terminal_ends_the_pipeline_that_the_demo_started(tmp_path: Path) -> None:
    folder, log = tmp_path / "run", tmp_path / "result.log"
    environ = clean_environ(DEMO_MODELS="always", PORT=str(free_port()), RUN_DIR=str(folder), RESULT_LOG=str(log))
    with Process("demo", "make --no-print-directory demo", tmp_path, environ) as demo:
        assert eventually(lambda: "listener_service started" in (folder / "demo.log").read_text())
        assert state.load(folder / "state.json")
        demo.signal(signal.SIGHUP)
        assert eventually(lambda: state.load(folder / "state.json") is None)
    assert "redis stopped" in (folder / "demo.log").read_text()
