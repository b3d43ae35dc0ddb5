"""When a partial may be asked for."""

from fastapi_service.live.pace import Pace
from fastapi_service.live.rules import MS, Rules

SECOND = 1000 * MS


def test_one_at_a_time_and_a_second_apart() -> None:
    pace = Pace(Rules())
    assert pace.may_ask(0)
    pace.asked(0)
    assert not pace.may_ask(10 * SECOND)
    pace.answered(SECOND // 10)
    assert not pace.may_ask(SECOND - 1)
    assert pace.may_ask(SECOND)


def test_slow_answers_make_it_ask_after_twice_as_long() -> None:
    pace = Pace(Rules())
    pace.asked(0)
    pace.answered(3 * SECOND)
    assert not pace.may_ask(6 * SECOND - 1)
    assert pace.may_ask(6 * SECOND)


def test_a_quick_answer_makes_it_quick_again() -> None:
    pace = Pace(Rules())
    pace.asked(0)
    pace.answered(3 * SECOND)
    pace.asked(6 * SECOND)
    pace.answered(6 * SECOND + 1)
    assert pace.may_ask(7 * SECOND)


def test_no_answer_never_makes_it_quicker() -> None:
    pace = Pace(Rules())
    pace.asked(0)
    pace.answered(3 * SECOND)
    pace.asked(6 * SECOND)
    pace.gave_up(6 * SECOND + 1)
    assert not pace.may_ask(12 * SECOND - 1)
    pace.asked(12 * SECOND)
    pace.gave_up(17 * SECOND)
    assert not pace.may_ask(22 * SECOND - 1)
    assert pace.may_ask(22 * SECOND)


def test_with_spacing_it_asks_so_many_times_as_rarely_or_not_at_all() -> None:
    pace = Pace(Rules())
    pace.asked(0)
    pace.answered(SECOND)
    assert pace.may_ask(2 * SECOND) and not pace.may_ask(2 * SECOND, 3.0)
    assert not pace.may_ask(6 * SECOND - 1, 3.0) and pace.may_ask(6 * SECOND, 3.0)
    assert not pace.may_ask(1000 * SECOND, float("inf"))
