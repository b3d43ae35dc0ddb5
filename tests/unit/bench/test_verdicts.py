"""Which outcomes count as good."""

import os

from tests.bench.streams import held
from tests.bench.usage import cpu_seconds, memory_mb

GOOD = {"lost": 0, "lag_max_ms": 80.0, "late_max_ms": 20.0}


def test_a_crowd_is_held_when_nothing_is_lost_and_all_is_heard_in_time() -> None:
    assert held(GOOD)
    assert not held(GOOD | {"lost": 1})
    assert not held(GOOD | {"lag_max_ms": 1001.0})
    assert not held(GOOD | {"late_max_ms": 1001.0})
    assert not held(GOOD | {"lag_max_ms": float("inf")})


def test_a_process_can_be_looked_at() -> None:
    assert cpu_seconds(os.getpid()) > 0
    assert memory_mb(os.getpid()) > 1
