"""How recovery times are counted."""

import pytest

from tests.faults.recovery import Figures, Life, Thrown, aim, is_late, recoveries


def only(thrown: Thrown, lives: list[Life], broken: list[Life]) -> Figures:
    (figures,) = recoveries([thrown], lives, broken).values()
    return figures


def test_from_the_end_of_the_cause_until_the_last_that_was_under_way() -> None:
    fault = Thrown("SIGKILL stt_worker", "stt_worker", 10, 11)
    lives = [Life(9, 10.5), Life(10.9, 14), Life(8, 13), Life(11.1, 40)]
    assert only(fault, lives, []) == Figures(1, 3, 3)


def test_nothing_was_under_way() -> None:
    assert only(Thrown("log rotated", "listener_service", 10, 10), [Life(10.5, 11)], []) == Figures(1, None, None)


def test_a_connection_that_is_lost_some_time_after_the_cause() -> None:
    """A half-open connection is dead to its client only when nothing has come for a while."""
    broken = [Life(15, 15.5), Life(9, 30)]
    assert only(Thrown("half-open of a client", "client-1", 10, 10.1, 7), [], broken) == Figures(1, 5.4, 5.4)
    assert only(Thrown("reset of a client", "client-1", 10, 10.1), [], broken) == Figures(1, None, None)


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        ("SIGKILL stt_worker", 12),
        ("kill analyzer_worker claimed", 12),
        ("normal connections killed", 3),
        ("redis away", 3),
        ("half-open of gateway to Redis", 15),
        ("black hole of a client", 15),
        ("SIGKILL gateway", 4),
        ("listener_service away", None),
    ],
)
def test_aims(kind: str, seconds: float | None) -> None:
    assert aim(kind) == seconds


def test_what_is_late() -> None:
    assert is_late("redis away", Figures(2, 1, 3.1))
    assert not is_late("redis away", Figures(2, 1, 3.0)) and not is_late("redis away", Figures(1, None, None))
    assert not is_late("log rotated", Figures(1, 90, 90))
