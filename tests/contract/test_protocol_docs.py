"""docs/protocol.md says what the code says: the table of codes, and a word on every message."""

from pathlib import Path

import pytest

from contracts.codec import type_name
from contracts.messages import FROM_CLIENT, TO_CLIENT
from fastapi_service.codes import CODES

DOCS = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_each_code_has_its_row(code):
    retryable = "yes" if code.retryable else "no"
    assert f"| `{code.name}` | {code.close or '–'} | {code.ends} | {retryable} | {code.meaning} |" in DOCS


@pytest.mark.parametrize("message", (*FROM_CLIENT, *TO_CLIENT), ids=type_name)
def test_each_message_is_described(message):
    assert f"| `{type_name(message)}`" in DOCS
