import threading
from collections.abc import Iterator
from queue import Queue

import pytest

from contracts import turnstile
from contracts.turnstile import Door, Message, Turnstile
from tests.eventually import PATIENCE, eventually

LIVE, RECORDED = "live", "recorded"
ONE, TWO = {"body": 1}, {"body": 2}


class Service:
    """Answers when it is told to: an exception, a message or None."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []
        self.back: list[tuple[str, Message]] = []
        self.answers: dict[str, Queue[Message | Exception | None]] = {LIVE: Queue(), RECORDED: Queue()}

    def ask(self, queue: str, wait: bool) -> Message | None:
        self.asked.append((queue, wait))
        answer = self.answers[queue].get(timeout=PATIENCE)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def put_back(self, queue: str, message: Message) -> None:
        self.back.append((queue, message))
        if message is TWO:
            raise OSError("away")

    def says(self, queue: str, *answers: Message | Exception | None) -> None:
        for answer in answers:
            self.answers[queue].put(answer)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def gate(service: Service) -> Iterator[Turnstile]:
    made = Turnstile([LIVE, RECORDED], Door(service.ask, service.put_back), away_seconds=0.01)
    yield made
    made.close(0)
    service.says(LIVE, None, None)
    service.says(RECORDED, None, None)
    made.close(PATIENCE)


def asked(service: Service, *expected: tuple[str, bool]) -> bool:
    return set(expected) <= set(service.asked)


def test_nobody_is_asked_before_something_is_wanted(service: Service, gate: Turnstile) -> None:
    assert service.asked == []
    assert gate.take(0) is None
    eventually(lambda: asked(service, (LIVE, False), (RECORDED, False)))


def test_a_later_queue_waits_for_the_answer_of_an_earlier_one(service: Service, gate: Turnstile) -> None:
    service.says(RECORDED, TWO)
    assert gate.take(0.1) is None
    service.says(LIVE, ONE)
    assert gate.take(PATIENCE) == (LIVE, ONE)
    eventually(lambda: service.back == [(RECORDED, TWO)])  # which the worker is too busy for


def test_a_later_queue_has_its_turn_when_the_earlier_ones_have_nothing(service: Service, gate: Turnstile) -> None:
    service.says(LIVE, None)
    service.says(RECORDED, TWO)
    assert gate.take(PATIENCE) == (RECORDED, TWO)
    eventually(lambda: asked(service, (LIVE, True)))  # it is waited at


def test_what_comes_while_the_worker_is_busy_is_put_back_and_each_queue_asked_anew(
    service: Service, gate: Turnstile
) -> None:
    service.says(LIVE, None)
    service.says(RECORDED, TWO)
    gate.take(PATIENCE)
    eventually(lambda: asked(service, (LIVE, True)))
    service.says(LIVE, ONE)
    eventually(lambda: service.back == [(LIVE, ONE)])
    service.asked.clear()
    service.says(LIVE, ONE)
    assert gate.take(PATIENCE) == (LIVE, ONE)
    assert (LIVE, False) in service.asked and (LIVE, True) not in service.asked


def test_a_queue_that_cannot_be_asked_holds_up_no_other(
    service: Service, gate: Turnstile, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", turnstile.__name__)
    service.says(LIVE, OSError("away"), OSError("away"))
    service.says(RECORDED, TWO)
    assert gate.take(PATIENCE) == (RECORDED, TWO)
    gate.take(0)
    service.says(LIVE, OSError("away"), ONE)
    assert gate.take(PATIENCE) == (LIVE, ONE)
    assert "gives no messages out" in caplog.text and "gives messages out again" in caplog.text


def test_at_the_end_what_was_not_taken_is_put_back(service: Service) -> None:
    gate = Turnstile([LIVE, RECORDED], Door(service.ask, service.put_back))
    service.says(RECORDED, TWO)
    gate.take(0)
    eventually(lambda: asked(service, (LIVE, False), (RECORDED, False)))
    closing = threading.Thread(target=gate.close, args=(PATIENCE,))
    closing.start()
    service.says(LIVE, ONE)
    closing.join()
    assert sorted(service.back, key=str) == [(LIVE, ONE), (RECORDED, TWO)]
    assert gate.take(0) is None
