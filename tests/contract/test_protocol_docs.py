"""docs/protocol.md says what the code says: the tables of codes, and a word on every message."""

from pathlib import Path

import pytest

import analyzer_worker.codes
import stt_worker.codes
from contracts.codec import type_name
from contracts.socket_messages import FROM_CLIENT, TO_CLIENT
from fastapi_service.codes import CODES

DOCS = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_each_code_has_its_row(code):
    retryable = "yes" if code.retryable else "no"
    assert f"| `{code.name}` | {code.close or '–'} | {code.ends} | {retryable} | {code.meaning} |" in DOCS


@pytest.mark.parametrize(
    ("stage", "codes"), [("stt", stt_worker.codes.CODES), ("analyzer", analyzer_worker.codes.CODES)]
)
def test_each_code_of_a_worker_has_its_row_and_no_other_has(stage, codes):
    rows = [line for line in DOCS.splitlines() if line.startswith("| `") and f" | {stage} | " in line]
    assert rows == [f"| `{code}` | {stage} | {meaning} |" for code, meaning in codes.items()]


@pytest.mark.parametrize("message", (*FROM_CLIENT, *TO_CLIENT), ids=type_name)
def test_each_message_is_described(message):
    assert f"| `{type_name(message)}`" in DOCS
