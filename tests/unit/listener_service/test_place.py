import pytest

from listener_service.place import Place, following, order


def test_numbers_without_a_gap() -> None:
    place = Place().after("5-0", 1)
    assert place == Place("5-0", 1)
    assert not place.missing("6-0", 2)
    assert not place.began_again("6-0", 2)


def test_numbers_that_are_missing() -> None:
    assert list(Place("5-0", 3).missing("6-0", 7)) == [4, 5, 6]


def test_the_first_number_ever_seen_is_taken_as_it_comes() -> None:
    assert not Place().missing("5-0", 100)
    assert not Place("4-0", None).missing("5-0", 100)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_counter_that_went_back(n: int) -> None:
    assert Place("5-0", 3).began_again("6-0", n)
    assert not Place("5-0", 3).missing("6-0", n)


def test_an_entry_that_comes_late_changes_nothing() -> None:
    place = Place("5-10", 7)
    assert not place.began_again("5-9", 3)
    assert not place.missing("5-9", 100)
    assert place.after("5-9", 3) == place


def test_an_entry_without_a_number_moves_the_place_alone() -> None:
    assert Place("5-0", 7).after("6-0", None) == Place("6-0", 7)


def test_ids_are_ordered_as_numbers() -> None:
    assert order("9-0") < order("10-0") < order("10-2") < order("10-11")
    assert order("10") == order("10-0")
    assert following("10-2") == "10-3"
