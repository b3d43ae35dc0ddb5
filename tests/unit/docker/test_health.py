"""What the containers' health checks conclude from what they see."""

from pathlib import Path
from typing import Any

from contracts.messages import Heartbeat
from docker.listener_health import asking, unwritable
from docker.service_health import verdict


def beat(state: str, reason: str | None = None, since: float = 0.0) -> Heartbeat:
    return Heartbeat("w", "stt_worker", state, reason=reason, since=since)


def client(cmd: str, addr: str = "10.0.0.5:4711", idle: int = 1) -> dict[str, Any]:
    return {"cmd": cmd, "addr": addr, "idle": str(idle)}


def test_one_ready_process_is_enough() -> None:
    assert verdict([beat("failed", "old"), beat("ready")]) is None


def test_otherwise_the_newest_says_why() -> None:
    assert verdict([]) == "no heartbeat: the process has not got as far, or has stopped"
    assert verdict([beat("failed", "no disk", since=2), beat("loading", since=1)]) == "failed: no disk"
    assert verdict([beat("loading")]) == "loading: not ready yet"


def test_a_listener_asks_from_this_address_and_lately() -> None:
    assert asking([client("ping"), client("xreadgroup")], "10.0.0.5")
    assert not asking([client("xreadgroup", addr="10.0.0.6:4711")], "10.0.0.5")
    assert not asking([client("xreadgroup", idle=60)], "10.0.0.5")
    assert not asking([client("client|list")], "10.0.0.5")


def test_a_log_that_can_be_written_is_no_problem_and_one_without_a_folder_is(tmp_path: Path) -> None:
    assert unwritable(tmp_path / "results.log") is None
    assert "may not write into" in str(unwritable(tmp_path / "missing" / "results.log"))
