import base64
import json

import pytest

from fastapi_service.backlog import Backlog, Queue, sent_at


def message(kwargs: object) -> bytes:
    body = base64.b64encode(json.dumps([[], kwargs, {}]).encode()).decode()
    return json.dumps({"body": body, "headers": {}}).encode()


def test_when_a_task_was_sent() -> None:
    assert sent_at(message({"message": {"sent_at": 12.5}})) == 12.5


@pytest.mark.parametrize(
    "entry",
    [
        b"x",
        b"[]",
        b"{}",
        b'{"body": 5}',
        b'{"body": "no base64"}',
        message([]),
        message({}),
        message({"message": "text"}),
        message({"message": {}}),
        message({"message": {"sent_at": 0}}),
        message({"message": {"sent_at": "now"}}),
        message({"message": {"sent_at": None}}),
        b"\xff\xfe",
    ],
)
def test_an_entry_that_does_not_say_when(entry: bytes) -> None:
    assert sent_at(entry) is None


def test_the_oldest_is_the_oldest_known() -> None:
    backlog = Backlog({"a": Queue(3, 1.5), "b": Queue(1, None), "c": Queue(9, 7.0)})
    assert backlog.oldest("a", "b") == 1.5
    assert backlog.oldest("b") == 0.0 == backlog.oldest("unknown")
