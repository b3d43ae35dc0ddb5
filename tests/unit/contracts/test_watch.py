from typing import Any

import pytest

from contracts import keys, ledger
from contracts.watch import Rules, Watch


class Leases:
    """A worker's part of Redis: what it renewed, and how much waits in every queue."""

    def __init__(self) -> None:
        self.renewed: list[str] = []
        self.waiting = 0
        self.away = False
        self.outcome: list[Any] = [b"go", 1]

    def llen(self, name: str) -> int:
        self._reach()
        return self.waiting

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:
        self._reach()
        if script == ledger.renew("s", 1, "w").script:
            self.renewed.append(keys_and_args[numkeys])
        elif keys.UNACKED_INDEX in keys_and_args:
            assert keys_and_args[-5:-2] == ("ZADD", keys.UNACKED_INDEX, "XX")
            self.renewed.append(keys_and_args[-1])
        return self.outcome

    def _reach(self) -> None:
        if self.away:
            raise ConnectionError("away")


class Bench:
    def __init__(self) -> None:
        self.redis = Leases()
        self.ends = 0
        self.now = 0.0
        rules = Rules(("stt_queue",), deadline_seconds=120, deaf_beats=30)
        self.watch = Watch(self.redis, "w", rules, self._end, lambda: self.now)

    def _end(self) -> None:
        self.ends += 1

    def beat(self, times: int = 1) -> None:
        for _ in range(times):
            self.now += 2
            self.watch.beat()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_is_in_hand_is_renewed_and_no_more_when_it_is_not(bench: Bench) -> None:
    with bench.watch.holding("tag-1"):
        bench.beat()
        assert bench.redis.renewed == ["tag-1"]
        assert bench.watch.begin(bench.redis, "s", 4, "stt") == ledger.GO
        bench.beat()
        assert bench.redis.renewed == ["tag-1", "s:4", "tag-1"]
    bench.beat()
    assert len(bench.redis.renewed) == 3


def test_what_another_worker_holds_is_not_renewed(bench: Bench) -> None:
    bench.redis.outcome = [b"held", 0]
    with bench.watch.holding("tag-1"):
        assert bench.watch.begin(bench.redis, "s", 4, "stt") == ledger.HELD
        bench.beat()
    assert bench.redis.renewed == ["tag-1"]


def test_a_task_past_its_deadline_is_given_away_and_ends_the_worker(bench: Bench) -> None:
    with bench.watch.holding("tag-1"):
        bench.beat(60)
        assert bench.ends == 0 and len(bench.redis.renewed) == 60
        bench.beat()
        assert bench.ends == 1 and len(bench.redis.renewed) == 60


def test_a_task_that_waits_for_its_redis_does_not_hang(bench: Bench) -> None:
    with bench.watch.holding("tag-1"):
        bench.beat(30)
        bench.redis.away = True
        bench.beat(200)  # as long as commits are tried again, and longer
        bench.redis.away = False
        bench.beat(30)
        assert bench.ends == 0
        bench.beat()
        assert bench.ends == 1, "it has worked for more than its deadline"


def test_a_task_begun_while_redis_is_away_has_its_whole_deadline(bench: Bench) -> None:
    bench.redis.away = True
    bench.beat(10)
    bench.now += 1
    with bench.watch.holding("tag-1"):
        bench.beat(100)
        bench.redis.away = False
        bench.beat(60)
        assert bench.ends == 0
        bench.beat()
        assert bench.ends == 1


def test_a_worker_that_takes_nothing_ends_itself(bench: Bench) -> None:
    bench.watch.consuming()
    bench.redis.waiting = 3
    bench.beat(29)
    assert bench.ends == 0
    bench.beat()
    assert bench.ends == 1


def test_a_worker_that_takes_something_now_and_then_is_not_deaf(bench: Bench) -> None:
    bench.watch.consuming()
    bench.redis.waiting = 3
    bench.beat(29)
    with bench.watch.holding("tag"):
        bench.beat()
    bench.beat(29)
    assert bench.ends == 0


def test_an_empty_queue_or_a_redis_that_was_away_makes_nobody_deaf(bench: Bench) -> None:
    bench.watch.consuming()
    for waiting, away in ((3, False), (0, False), (3, False), (3, True), (3, False)):
        bench.redis.waiting, bench.redis.away = waiting, away
        bench.beat(29)
    assert bench.ends == 0


def test_before_it_consumes_nothing_is_asked_of_it(bench: Bench) -> None:
    bench.redis.waiting = 3
    bench.beat(100)
    assert bench.ends == 0
