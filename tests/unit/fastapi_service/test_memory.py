from fastapi_service.memory import Memory

FULL = 1000


def test_without_a_limit_it_is_never_full() -> None:
    memory = Memory()
    memory.learn(10**12, 0)
    assert (memory.full, memory.share) == (False, None)


def test_it_is_full_above_the_mark_until_it_is_well_below() -> None:
    memory = Memory()
    seen = []
    for used in (890, 901, 899, 860, 849, 890, 950):
        memory.learn(used, FULL)
        seen.append(memory.full)
    assert seen == [False, True, True, True, False, False, True]
    assert memory.share == 0.95


def test_a_limit_that_is_lifted() -> None:
    memory = Memory()
    memory.learn(950, FULL)
    memory.learn(950, 0)
    assert not memory.full
