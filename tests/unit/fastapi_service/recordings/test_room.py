"""How the workers are shared among jobs, and which are left alone for a while."""

from fastapi_service.recordings.room import Room
from fastapi_service.recordings.trouble import LONGEST_SECONDS, Trouble


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_job_gets_what_it_wants_and_many_share_what_there_is() -> None:
    room = Room(12, 6.0, Clock())
    assert room.grant("a", 0, 6) == 6
    assert room.grant("b", 0, 6) == 6
    assert room.grant("c", 0, 6) == 0
    assert room.grant("a", 5, 1) == 0  # a third of 12 are 4: what comes free is another's
    assert room.grant("c", 0, 6) == 1
    assert room.grant("a", 3, 6) == 1


def test_a_job_that_is_not_told_of_any_more_takes_up_no_room() -> None:
    clock = Clock()
    room = Room(4, 6.0, clock)
    assert room.grant("erased", 0, 4) == 4
    assert room.grant("a", 0, 4) == 0
    clock.now = 5.0
    assert room.grant("a", 0, 4) == 0
    clock.now = 7.0
    assert room.grant("a", 0, 4) == 4
    room.leave("a")
    assert room.grant("b", 0, 4) == 4
    room.clear()
    assert room.grant("c", 0, 4) == 4


def test_no_job_is_given_more_than_there_is_when_there_are_more_jobs_than_places() -> None:
    room = Room(2, 6.0, Clock())
    assert [room.grant(job, 0, 6) for job in "abcd"] == [2, 0, 0, 0]
    assert room.grant("a", 1, 6) == 0
    assert room.grant("d", 0, 6) == 1


def test_what_fails_again_and_again_is_left_alone_for_longer() -> None:
    clock = Clock()
    trouble = Trouble(2.0, clock)
    assert not trouble.waits("a")
    assert [trouble.comes("a"), trouble.comes("a")] == [1, 2]
    clock.now = 3.9
    assert trouble.waits("a") and not trouble.waits("b")
    clock.now = 4.0
    assert not trouble.waits("a")
    for _ in range(20):
        trouble.comes("a")
    clock.now += LONGEST_SECONDS
    assert not trouble.waits("a")
    assert trouble.goes("a") and not trouble.goes("a") and trouble.comes("a") == 1
