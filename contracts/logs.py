"""One log format for every service: constant text, then fields as `name=value`.

Write `log.info("segment transcribed", extra={"session": ..., "utterance": ..., "trace": ...})`.
Fields carry ids and numbers, never what somebody said.
"""

import json
import logging
import sys
import time

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "data", "color_message"}


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


def setup(service: str, level: str = "INFO") -> None:
    """Send this process's logs to standard error in the common format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FieldFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _shown(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(c in text for c in ' "=\n') else text
