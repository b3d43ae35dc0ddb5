"""The log format: constant text, fields behind it, one line an event."""

import logging
from collections.abc import Iterator

import pytest

from contracts import logs
from contracts.logs import FieldFormatter


@pytest.fixture
def restored() -> Iterator[None]:
    """`setup` is for a whole process: put back what it changes."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in logs.TALKATIVE}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def line(message: str, **fields: object) -> str:
    record = logging.LogRecord("name", logging.INFO, "file", 1, message, (), None)
    record.__dict__.update(fields)
    return FieldFormatter("stt_worker").format(record)


def test_fields_follow_the_text():
    assert line("segment transcribed", session="abc", ms=12).endswith(
        "Z INFO stt_worker segment transcribed session=abc ms=12"
    )


def test_a_value_with_spaces_or_newlines_stays_one_field_on_one_line():
    text = line("failed", reason='no "file"\nhere')
    assert text.count("\n") == 0 and r'reason="no \"file\"\nhere"' in text


def test_an_exception_is_shown_below_the_line():
    try:
        raise ValueError("broken")
    except ValueError as error:
        record = logging.LogRecord("n", logging.ERROR, "f", 1, "failed", (), (type(error), error, error.__traceback__))
    assert "ValueError: broken" in FieldFormatter("x").format(record).splitlines()[-1]


UNDECODABLE = UnicodeDecodeError("utf-8", b"secret", 0, 1, "no.task")
DUMPED = [
    ("celery.worker.consumer.consumer", "UNKNOWN_FORMAT", ["secret"]),
    ("celery.worker.consumer.consumer", "UNKNOWN_TASK_ERROR", [KeyError("no.task"), "secret", {"a": "secret"}, {}]),
    ("celery.worker.consumer.consumer", "INVALID_TASK_ERROR", [ValueError("no.task"), "secret"]),
    ("celery.worker.consumer.consumer", "MESSAGE_DECODE_ERROR", [ValueError("no.task"), "", "", "secret", "secret"]),
    ("celery.worker.consumer.consumer", "MESSAGE_DECODE_ERROR", [UNDECODABLE, "", "", "secret", "secret"]),
]


@pytest.mark.parametrize(("name", "template", "arguments"), DUMPED, ids=[template for _, template, _ in DUMPED])
def test_what_celery_writes_of_a_message_it_cannot_take(restored, capsys, name, template, arguments):
    from celery.worker.consumer import consumer

    logs.setup("stt_worker")
    logging.getLogger(name).error(getattr(consumer, template), *arguments)
    written = capsys.readouterr().err
    assert written.count("\n") == 1 and written.split()[3] in ("Received", "Can't")
    assert ("no.task" in written) == (len(arguments) > 1) and "secret" not in written


def test_what_kombu_writes_of_a_message_it_cannot_restore(restored, capsys):
    logs.setup("stt_worker")
    logging.getLogger("kombu.transport.redis").critical("Could not restore message: %r", {"body": "secret"})
    assert capsys.readouterr().err.endswith(" Could not restore message\n")


@pytest.mark.parametrize("name", ["celery.pool", "kombu.transport.redis", "uvicorn.error", "websockets.server"])
def test_libraries_do_not_write_messages_at_debug(restored, name):
    logs.setup("stt_worker", "DEBUG")
    assert logging.getLogger("ours").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
