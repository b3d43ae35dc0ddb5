"""The log format: constant text, fields behind it, one line an event."""

import logging

from contracts.logs import FieldFormatter


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
