"""One log format for every service: constant text, then fields as `name=value`.

Write `log.info("segment transcribed", extra={"session": ..., "utterance": ..., "trace": ...})`.
Fields carry ids and numbers, never what somebody said. Libraries do not keep to that: what they
would write of a message's content is cut off here.
"""

import json
import logging
import sys
import time

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "data", "color_message"}

TALKATIVE = ("celery", "kombu", "uvicorn", "websockets", "httpcore2")
"""At DEBUG they write whole messages, frames and headers."""

DUMPS = {
    "Received and deleted unknown message": 0,
    "Received unregistered task": 1,
    "Received invalid task message": 1,
    "Can't decode message body": 1,
    "Could not restore message": 0,
}
"""What Celery and kombu write of messages that they cannot take begins so; then come so many
arguments that say why, and then the message with all its content."""


class FieldFormatter(logging.Formatter):
    """`2026-01-31T09:00:00.123Z INFO stt_worker segment transcribed session=... ms=12`"""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        parts = [f"{moment}.{int(record.msecs):03d}Z", record.levelname, self.service, record.getMessage()]
        parts += [f"{k}={_shown(v)}" for k, v in record.__dict__.items() if k not in _STANDARD]
        line = " ".join(parts)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        if record.stack_info:
            line += "\n" + self.formatStack(record.stack_info)
        return line


def without_content(record: logging.LogRecord) -> bool:
    """A filter: leaves of a message dump what went wrong, not the message."""
    text = str(record.msg)
    for beginning, reasons in DUMPS.items():
        if text.startswith(beginning):
            arguments = record.args if isinstance(record.args, tuple) else ()
            record.msg = beginning + ": %s" * reasons  # not %r: a UnicodeDecodeError shows its bytes there
            record.args = arguments[:reasons]
    return True


def setup(service: str, level: str = "INFO") -> None:
    """Send this process's logs, whatever library writes them, to standard error in the common format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FieldFormatter(service))
    handler.addFilter(without_content)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.INFO))


def _shown(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(c in text for c in ' "=\n') else text
