from typing import Any, cast

from contracts.messages import Result, Sentiment
from fastapi_service.probe import Probe

NOBODY = cast(Any, None)


def result(text: str, model: str) -> Result:
    sentiment = Sentiment("NEUTRAL" if model else None, None, {}, model)
    return Result("s", 1, 0.0, 1.0, text, "en", 0.9, sentiment, "scripted", "script")


def test_a_real_result_is_a_proof() -> None:
    probe = Probe(NOBODY, NOBODY, NOBODY)
    assert probe.reason and probe.age > 1e9
    probe.witness(result("It was a good day.", "judge"))
    assert probe.reason is None and probe.age < 60
    assert probe.result and probe.result.text == "It was a good day."


def test_one_without_words_has_not_been_at_the_analyzer() -> None:
    probe = Probe(NOBODY, NOBODY, NOBODY)
    probe.witness(result("", ""))
    assert probe.reason and probe.result is None
