"""Context arithmetic, token caps and the signs of a bad attempt."""

import pytest

from stt_worker.engines import guards
from stt_worker.engines.protocol import Attempt

GOOD = Attempt("it was a good day", avg_logprob=-0.2, no_speech_prob=0.01)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.3, 256), (2.5, 256), (2.58, 320), (6, 448), (10, 640), (27, 1500), (30, 1500)]
)
def test_auto_context_has_a_margin_a_floor_a_step_and_a_cap(seconds: float, expected: int) -> None:
    positions = guards.positions(int(seconds * 16000), "auto", 1500)
    assert positions == expected
    assert positions == 1500 or positions - seconds * 50 >= guards.MARGIN_POSITIONS


def test_full_context_is_the_models_own() -> None:
    assert guards.positions(16000, "full", 1500) == 1500


@pytest.mark.parametrize(
    ("seconds", "language", "task", "cap"),
    [
        (1.0, "en", "transcribe", 16),
        (6.0, "en", "transcribe", 56),
        (6.0, "ko", "transcribe", 92),
        (6.0, "ko", "translate", 56),
        (30.0, "ko", "transcribe", 224),
        (0.01, "en", "transcribe", 9),
    ],
)
def test_token_cap(seconds: float, language: str, task: str, cap: int) -> None:
    assert guards.token_cap(int(seconds * 16000), language, task) == cap


@pytest.mark.parametrize("tokens", [[7] * 8, [1, 2] * 4, [9, 9, 9] + [1, 2, 3] * 4, [4, 5, 6, 7, 8, 9] * 4])
def test_a_repeated_end_loops(tokens: list[int]) -> None:
    assert guards.loops(tokens)


@pytest.mark.parametrize(
    "tokens", [[], [7] * 7, [1, 2] * 3, list(range(40)), [1, 2, 3] * 4 + [9], [1, 2, 3, 4, 5, 6, 7] * 6]
)
def test_speech_does_not_loop(tokens: list[int]) -> None:
    assert not guards.loops(tokens)


def test_loop_end_is_where_it_first_loops() -> None:
    assert guards.loop_end([3, 4, *[1, 2] * 20]) == 10
    assert guards.loop_end([3, 4, 5]) is None


def test_a_good_attempt_is_no_trouble() -> None:
    assert guards.trouble(GOOD, 2.0) is None


@pytest.mark.parametrize(
    ("attempt", "trouble"),
    [
        (Attempt("no " * 40, -0.1, 0.0), "compression"),
        (Attempt("mumble", -1.2, 0.1), "logprob"),
        (Attempt("cut off", -0.2, 0.0, stopped=True), "stopped"),
        (Attempt("a sentence of more letters than anybody can say in such a short time, really", -0.2, 0.0), "rate"),
    ],
)
def test_trouble_has_a_name(attempt: Attempt, trouble: str) -> None:
    assert guards.trouble(attempt, 2.0) == trouble


def test_silence_is_no_trouble() -> None:
    assert guards.trouble(Attempt("", -1.7, 0.95, stopped=True), 2.0) is None


def test_compression_of_nothing() -> None:
    assert guards.compression_ratio("") == 0.0
    assert guards.compression_ratio("no " * 100) > 10
