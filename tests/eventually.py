"""Wait for a condition instead of sleeping: the only place where a test lets time pass."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 180.0
"""Seconds that anything is waited for. No test claims a time, so this only says when a broken run is given up:
far beyond what a machine needs that has five times the work it can do."""


def eventually(check: Callable[[], T], timeout: float = PATIENCE, interval: float = 0.05) -> T:
    """Call `check` until it returns something truthy, and return that. After `timeout` seconds
    raise AssertionError with the last value or the last AssertionError/OSError it gave."""
    deadline = time.monotonic() + timeout
    last: object = None
    while True:
        try:
            value = check()
            if value:
                return value
            last = value
        except (AssertionError, OSError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {timeout} s; last seen: {last!r}")
        time.sleep(interval)
