from recorder_service.options import Waits
from recorder_service.patience import Patience

WAITS = Waits(first=1, longest=8, told=60, patience=100)


def test_waits_double_up_to_the_longest_and_progress_begins_them_again() -> None:
    patience = Patience(WAITS, chance=lambda: 1.0)
    assert [patience.wait(0) for _ in range(6)] == [1, 2, 4, 8, 8, 8]
    patience.progress()
    assert patience.wait(0) == 1


def test_chance_shortens_a_wait_down_to_a_half() -> None:
    patience = Patience(WAITS, chance=lambda: 0.0)
    assert [patience.wait(0) for _ in range(3)] == [0.5, 1, 2]
    assert all(0.5 <= (Patience(WAITS).wait(0) or 0) <= 1 for _ in range(100))


def test_a_server_is_not_asked_before_it_said_nor_by_all_at_once() -> None:
    assert Patience(WAITS, chance=lambda: 0.0).wait(0, told=30) == 30
    assert Patience(WAITS, chance=lambda: 1.0).wait(0, told=30) == 36
    assert Patience(WAITS, chance=lambda: 0.0).wait(0, told=1e9) == 60
    assert Patience(WAITS, chance=lambda: 1.0).wait(0, told=0.1) == 1


def test_it_ends_so_long_after_the_first_loss_without_progress() -> None:
    patience = Patience(WAITS)
    assert patience.wait(1000)
    assert patience.wait(1099.9)
    assert patience.wait(1100) is None
    patience.progress()
    assert patience.wait(2000)


def test_thousands_of_attempts_do_not_overflow() -> None:
    patience = Patience(WAITS, chance=lambda: 1.0)
    assert {patience.wait(0) for _ in range(5000)} == {1, 2, 4, 8}
