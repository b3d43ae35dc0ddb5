from hypothesis import given
from hypothesis import strategies as st

from recorder_service.recordings.order import InOrder


@given(st.permutations(range(1, 9)))
def test_whoever_comes_first_they_are_shown_in_order_and_as_early_as_can_be(numbers: list[int]) -> None:
    order: InOrder[int] = InOrder()
    shown: list[int] = []
    come: set[int] = set()
    for number in numbers:
        come.add(number)
        shown += order.add(number, number)
        assert shown == [n for n in range(1, 9) if set(range(1, n + 1)) <= come]
    assert order.rest() == []


def test_what_waits_for_one_that_never_comes_is_shown_at_the_end() -> None:
    order: InOrder[str] = InOrder()
    assert [order.add(4, "four"), order.add(1, "one"), order.add(3, "three")] == [[], ["one"], []]
    assert order.rest() == ["three", "four"]
    assert order.rest() == []


def test_what_comes_again_after_its_turn_is_shown_at_once() -> None:
    order: InOrder[str] = InOrder()
    assert order.add(1, "failed") == ["failed"]
    assert order.add(1, "words after all") == ["words after all"]
    assert order.add(0, "about the whole") == ["about the whole"]
