"""PURE: Server-Sent Events out of bytes that come in any pieces (WHATWG HTML, 9.2.6).

Lines end with CR, LF or both and with nothing else: what splits text as Python's `splitlines` does, as
httpx's `iter_lines`, breaks an event at U+2028 or U+0085 within its words.
"""

import codecs
import json
import re
from dataclasses import dataclass
from typing import Any

LONGEST_EVENT = 1 << 22
"""Characters of one event; an event of 30 s of speech with the times of its words has some 20,000."""
_LINE = re.compile(r"(.*?)(\r\n|\n|\r(?!\Z))", re.DOTALL)


class Overlong(ValueError):
    """What comes is no event stream, or no event that anybody would send."""


@dataclass(frozen=True)
class Event:
    """`id` is what to send as Last-Event-ID to have what comes after it."""

    name: str
    data: str
    id: str

    def json(self) -> Any:
        return json.loads(self.data)


class EventStream:
    """`last_id` is that of the last event and outlives the connection; `retry_ms` is what the server asks to
    wait before one comes back. A new connection begins with `reset`: half an event is no event."""

    def __init__(self) -> None:
        self.last_id = ""
        self.retry_ms = 0
        self.reset()

    def reset(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._name, self._id = "", self.last_id
        self._data: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises Overlong."""
        self._text += self._decoder.decode(data)
        found, at = [], 0
        while line := _LINE.match(self._text, at):
            at = line.end()
            event = self._line(line[1])
            if event:
                found.append(event)
        self._text = self._text[at:]
        if self._size + len(self._text) > LONGEST_EVENT:
            raise Overlong(f"an event of more than {LONGEST_EVENT:,} characters")
        return found

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._size += len(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and value.isascii() and value.isdecimal():
            self.retry_ms = int(value[:9])
        return None

    def _dispatch(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data, self._size = "", [], 0
        self.last_id = self._id
        return Event(name, "\n".join(data), self._id) if data else None
