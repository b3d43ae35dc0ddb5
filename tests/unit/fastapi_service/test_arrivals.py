from fastapi_service.arrivals import STEP, Arrivals


def test_when_a_sample_was_received() -> None:
    arrivals = Arrivals()
    for heard, at in ((100, 10.0), (200, 20.0), (300, 30.0)):
        arrivals.note(heard, at)
    assert [arrivals.when(sample) for sample in (1, 100, 101, 200, 300, 999)] == [10.0, 10.0, 20.0, 20.0, 30.0, 30.0]


def test_what_is_settled_is_forgotten() -> None:
    arrivals = Arrivals()
    for heard in range(100, 10_000, 100):
        arrivals.note(heard, heard / 10)
    arrivals.forget(5_000)
    assert len(arrivals) == 50
    assert arrivals.when(5_001) == 510.0


def test_nothing_heard() -> None:
    assert Arrivals().when(5) == 0.0


def test_many_tiny_messages_are_few_notes() -> None:
    arrivals = Arrivals()
    for number in range(10_000):
        arrivals.note(100, 1.0 + number)
    assert (len(arrivals), arrivals.when(100)) == (1, 1.0)
    for number in range(1000):
        arrivals.note(101 + number, 20_000.0 + number * 1e-5)
    assert len(arrivals) < 20
    assert abs(arrivals.when(700) - 20_000.00599) < 0.001


def test_an_utterance_in_messages_of_one_sample_is_some_thousand_notes() -> None:
    arrivals = Arrivals()
    for number in range(1, 15 * 16_000 + 1):
        arrivals.note(number, number / 100)
    assert len(arrivals) <= 15 * 16_000 / STEP + 1
    assert 1000.0 <= arrivals.when(100_000) <= 1000.64 and arrivals.when(240_000) == 2400.0
