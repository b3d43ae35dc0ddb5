"""Options from the fields of a request."""

import pytest

from fastapi_service.recordings import asking
from fastapi_service.recordings.job import Options
from fastapi_service.routes.problem import Problem


def test_nothing_asked_is_the_defaults() -> None:
    assert asking.options({}) == Options()
    assert asking.options({"language": ["auto"], "words": [""], "other": ["x"]}) == Options()


def test_each_field_is_taken_the_last_one_counts() -> None:
    fields = {
        "language": ["de", "pt-BR"],
        "task": ["translate"],
        "words": ["true"],
        "priority": ["low"],
        "model": ["base"],
        "webhook": ["https://example.com/hook"],
        "reference": ["order 7"],
    }
    assert asking.options(fields) == Options(
        "pt", "translate", True, "low", "base", "https://example.com/hook", "order 7"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("language", "klingon", "'klingon' is not known"),
        ("task", "sing", "use transcribe or translate"),
        ("words", "perhaps", "neither true nor false"),
        ("priority", "urgent", "use high, normal or low"),
        ("reference", "x" * 201, "at most 200"),
        ("reference", "a\nb", "printable"),
        ("webhook", "http://" + "x" * 2000, "at most 2000"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(Problem, match=said) as raised:
        asking.options({name: [value]})
    assert raised.value.field == name
    assert raised.value.status == 422
