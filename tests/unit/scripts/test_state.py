"""Who runs is known exactly while they run."""

from pathlib import Path

import pytest

from scripts import state

STATE = state.State(1, "http://localhost:1", "http://127.0.0.1:1/health/ready", "x.log")


def test_seen_while_held_and_not_after(tmp_path: Path) -> None:
    path = tmp_path / "run" / "state.json"
    assert state.load(path) is None
    with state.held(STATE, path):
        assert state.load(path) == STATE
        with pytest.raises(BlockingIOError), state.held(STATE, path):
            pass
        assert state.load(path) == STATE
    assert state.load(path) is None


def test_a_file_that_a_killed_process_left_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"pid": 1, "url": "u", "health_url": "h", "result_log": "l"}')
    assert state.load(path) is None
