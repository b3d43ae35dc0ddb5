import threading
from typing import Any

import pytest

from listener_service.condition import AWAY, STUCK, Condition


class Beat:
    """What the heartbeat was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str | None]] = []

    def say(self, *, state: str, reason: str | None, **_: Any) -> None:
        self.told.append((state, reason))


@pytest.fixture
def beat() -> Beat:
    return Beat()


@pytest.fixture
def listener(beat: Beat) -> Condition:
    stop = threading.Event()
    stop.set()  # nothing waits
    return Condition(stop, beat.say)


def test_it_says_what_changed_and_once(listener: Condition, beat: Beat) -> None:
    listener.round()
    listener.round()
    listener.round("stands by")
    listener.failed(STUCK, OSError("no space"))
    listener.failed(STUCK, OSError("no space"))
    listener.round()
    listener.worked(STUCK)
    listener.round()
    failed = ("failed", f"{STUCK.begun} (no space)")
    assert beat.told == [("ready", None), ("ready", "stands by"), failed, ("ready", None)]


def test_it_is_ready_when_nothing_is_wrong_any_more(listener: Condition, beat: Beat) -> None:
    listener.failed(STUCK, OSError("no space"))
    listener.failed(AWAY, OSError("gone"))
    listener.worked(AWAY)
    listener.round()
    assert beat.told[-1][0] == "failed"
    listener.worked(STUCK)
    listener.round()
    assert beat.told[-1] == ("ready", None)


def test_a_redis_that_is_away_is_told_but_is_no_failure_of_the_listener(listener: Condition, beat: Beat) -> None:
    away = f"{AWAY.begun} (gone)"
    listener.failed(AWAY, OSError("gone"))
    assert beat.told == [("loading", away)]
    listener.worked(AWAY)
    listener.round()
    listener.failed(AWAY, OSError("gone"))
    assert beat.told[1:] == [("ready", None), ("ready", away)]


def test_one_that_does_not_come_round_is_noticed(listener: Condition, beat: Beat) -> None:
    listener.round()
    listener.watch()
    assert beat.told == [("ready", None)]
    hanging = Condition(threading.Event(), beat.say, stalled_seconds=-1)
    hanging.watch()
    assert beat.told == [("ready", None)], "it has not even begun"
    hanging.round()
    hanging.watch()
    hanging.watch()
    hanging.round()
    assert [state for state, _ in beat.told[1:]] == ["ready", "failed", "ready"]
