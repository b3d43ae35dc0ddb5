"""Each message kind has one golden file: the JSON that older and other programs send and expect.

A change of a golden file is a change of the protocol.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from contracts import codec, job_messages, messages, socket_messages

GOLDEN = Path(__file__).parent / "golden"
MODULES = (messages, socket_messages, job_messages)
FROM_AND_TO_CLIENT = socket_messages.FROM_CLIENT + socket_messages.TO_CLIENT
KINDS = {
    codec.type_name(c): c for c in FROM_AND_TO_CLIENT + messages.BETWEEN_SERVICES + job_messages.JOB_MESSAGES
}


def golden(kind: str) -> dict[str, Any]:
    path = GOLDEN / f"{kind}.json"
    assert path.exists(), f"the new message {kind} needs {path.name}: an example with every field"
    return json.loads(path.read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_read_and_written_as_in_its_file(kind: str) -> None:
    data = golden(kind)
    message = codec.decode(data, *KINDS.values())
    assert type(message) is KINDS[kind]
    assert list(codec.encode(message)) == list(data), "fields and their order"
    assert json.loads(codec.dumps(message)) == data


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_a_newer_peer_adds_is_ignored(kind: str) -> None:
    data = golden(kind)
    assert codec.decode({**data, "of_tomorrow": [1]}, KINDS[kind]) == codec.decode(data, KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_with_a_default_may_be_left_out_and_no_other(kind: str) -> None:
    for field in dataclasses.fields(KINDS[kind]):
        data = golden(kind)
        del data[field.name]
        optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if optional:
            codec.decode(data, KINDS[kind])
        else:
            with pytest.raises(codec.DecodeError, match=f"{field.name} is missing"):
                codec.decode(data, KINDS[kind])


def test_every_dataclass_that_is_a_message_is_listed() -> None:
    parts = {socket_messages.Limits, messages.Timings, messages.Sentiment, messages.Word}
    everything = [value for module in MODULES for value in vars(module).values()]
    declared = {c for c in everything if dataclasses.is_dataclass(c) and isinstance(c, type)}
    assert declared - parts == set(KINDS.values())


def test_no_file_is_left_of_a_message_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(KINDS)
