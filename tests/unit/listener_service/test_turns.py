import threading
import time
from pathlib import Path
from typing import Any

from contracts.heartbeat import Pulse
from docker.service_health import problem
from listener_service.sweep import Sweep
from listener_service.turns import Turns
from tests.eventually import eventually


class Shelf:
    """A Redis that takes heartbeats."""

    def set(self, name: str, value: str, *, ex: int) -> Any:
        return True

    def sadd(self, name: str, *values: str) -> Any:
        return len(values)


class Hanging:
    """A ledger whose first look does not return until it is let go."""

    def __init__(self) -> None:
        self.looked = threading.Event()
        self.free = threading.Event()

    def claim(self) -> None:
        self.looked.set()
        self.free.wait()

    def release(self) -> None:
        return


def health(path: Path) -> str | None:
    return problem(path, time.time())


def test_a_sweeper_that_hangs_is_unhealthy_until_it_comes_round_again(tmp_path: Path) -> None:
    path, ledger, stop = tmp_path / "heartbeat", Hanging(), threading.Event()
    pulse = Pulse(Shelf(), "sweeper", str(path))
    turns = Turns(pulse.say, "the sweeper hangs", stalled_seconds=-1)

    def turned() -> None:
        if turns.come():
            pulse.say(state="ready", reason=None)

    turns.come()
    pulse.say(state="ready")
    sweep = Sweep(None, ledger, None, None, stop)  # type: ignore[arg-type]  # it does not come so far
    running = threading.Thread(target=sweep.run, args=(turned,))
    running.start()
    try:
        assert ledger.looked.wait(60)
        assert health(path) is None
        turns.watch()  # as the heartbeat does on its next beat
        assert health(path) == "failed: the sweeper hangs"
        ledger.free.set()
        eventually(lambda: health(path) is None)
    finally:
        ledger.free.set()
        stop.set()
        running.join(60)
    assert not running.is_alive()


def test_before_the_first_turn_nothing_is_missed_and_a_hang_is_said_once() -> None:
    told: list[str] = []
    turns = Turns(lambda *, state, reason: told.append(state), "hangs", stalled_seconds=-1)
    turns.watch()
    assert told == [] and not turns.come()
    turns.watch()
    turns.watch()
    assert told == ["failed"] and turns.come() and not turns.come()


def test_who_comes_round_in_time_is_not_said_to_hang() -> None:
    told: list[str] = []
    turns = Turns(lambda *, state, reason: told.append(state), "hangs")
    turns.come()
    turns.watch()
    assert told == []
