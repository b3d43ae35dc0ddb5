"""A recording's way out of an HTTP request, block by block: a multipart form or the bare body.

Nothing of the recording is kept here; of the form's other fields at most FIELDS_BYTES.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers

from fastapi_service.recordings.refusal import EMPTY, BadRecording
from fastapi_service.routes.problem import Problem

FIELDS_BYTES = 65_536
MOST_FIELDS = 100
BLOCK_BYTES = 1 << 20
LONGEST_NAME = 255
LONGEST_TYPE = 100
LEAST_BYTES = 16_384
"""So many must come while they are waited for: who sends more slowly has gone, or holds up others."""
UNNAMED = "recording"

Sink = Callable[[bytes], Awaitable[object]]

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass
class Received:
    """What came with the recording. `name` is for display alone: its last part, without odd characters."""

    name: str = UNNAMED
    media_type: str = ""
    bytes: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict)


class Blocks:
    """Gathers to blocks of BLOCK_BYTES for a sink, and counts. Raises Problem past `most` bytes."""

    def __init__(self, sink: Sink, most: int) -> None:
        self._sink = sink
        self.most = most
        self._waiting = bytearray()
        self.bytes = 0

    async def add(self, data: bytes) -> None:
        self.bytes += len(data)
        if self.bytes > self.most:
            raise too_large(self.most)
        self._waiting += data
        if len(self._waiting) >= BLOCK_BYTES:
            await self.flush()

    async def flush(self) -> None:
        if self._waiting:
            block, self._waiting = bytes(self._waiting), bytearray()
            await self._sink(block)


async def receive(request: Request, sink: Sink, most: int, seconds: float) -> Received:
    """Give the recording in `request` to `sink`; LEAST_BYTES of it are waited for that many `seconds`. Raises
    Problem, and ClientDisconnect when the client goes away."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most + FIELDS_BYTES:
        raise too_large(most)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    blocks, body = Blocks(sink, most), _arriving(request, seconds)
    if kind == b"multipart/form-data":
        received = await _form(body, options.get(b"boundary", b""), blocks)
    elif kind in (b"application/json", b"application/x-www-form-urlencoded"):
        raise Problem(
            415,
            "unsupported_media_type",
            f"a recording cannot come as {kind.decode()}: send multipart/form-data with a field `file`, or the file "
            "itself as the body with Content-Type: application/octet-stream",
        )
    else:
        received = Received(_named(request.headers), kind.decode("latin-1")[:LONGEST_TYPE])
        async for data in body:
            await blocks.add(data)
    await blocks.flush()
    received.bytes = blocks.bytes
    if not blocks.bytes:
        raise Problem(400, "empty", str(BadRecording(EMPTY)), "file")
    return received


def too_large(most: int) -> Problem:
    return Problem(413, "too_large", f"the recording is larger than the {most:,} bytes that are taken here", "file")


def shown(name: str) -> str:
    """A file's name as it may be shown: no path, no control characters, not overlong."""
    last = re.split(r"[\\/]", _ODD.sub("", name))[-1].strip()
    return last[-LONGEST_NAME:] if last not in ("", ".", "..") else UNNAMED


class _Parts:
    """What the parser's callbacks hear of the part that it is in."""

    def __init__(self) -> None:
        self.received = Received()
        self.file: list[bytes] = []
        self.seen_file = False
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._field: str | None = None
        self._text = bytearray()
        self._kept = 0
        self._fields = 0

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"filename" in options:
            if self.seen_file:
                raise Problem(400, "several_files", "send one recording at a time: the form holds more files", "file")
            self.seen_file = True
            self.received.name = shown(options[b"filename"].decode("utf-8", "replace"))
            self.received.media_type = self._headers.get(b"content-type", b"").decode("latin-1")[:LONGEST_TYPE]
            self._field = None
        else:
            self._fields += 1
            if self._fields > MOST_FIELDS:
                raise Problem(413, "too_large", f"the form has more than {MOST_FIELDS} fields beside the file")
            self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._headers, self._text = {}, bytearray()

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self.file.append(bytes(data[start:end]))
            return
        self._kept += end - start
        if self._kept > FIELDS_BYTES:
            raise Problem(413, "too_large", f"the form's fields are larger than {FIELDS_BYTES:,} bytes", self._field)
        self._text += data[start:end]

    def part_end(self) -> None:
        if self._field is not None:
            self.received.fields.setdefault(self._field, []).append(self._text.decode("utf-8", "replace"))


async def _form(body: AsyncIterator[bytes], boundary: bytes, blocks: Blocks) -> Received:
    if not boundary:
        raise Problem(400, "bad_form", "the multipart form names no boundary; let your HTTP library set Content-Type")
    parts, ended = _Parts(), False

    def end() -> None:
        nonlocal ended
        ended = True

    total = 0
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_header_field": parts.header_field,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.part_data,
                "on_part_end": parts.part_end,
                "on_end": end,
            },
        )
        async for data in body:
            total += len(data)
            if total > blocks.most + FIELDS_BYTES:
                raise too_large(blocks.most)
            parser.write(data)
            for piece in parts.file:
                await blocks.add(piece)
            parts.file.clear()
    except FormParserError as error:
        raise Problem(400, "bad_form", f"the multipart form cannot be read: {error}") from None
    if not ended:
        raise Problem(400, "bad_form", "the multipart form ends before its last boundary: the upload was cut off")
    if not parts.seen_file:
        raise Problem(400, "no_file", "the form has no file: send the recording as the field `file`", "file")
    return parts.received


async def _arriving(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """The body as it comes. Raises Problem for one that comes too slowly, and ClientDisconnect."""
    stream, came, left = request.stream(), 0, seconds
    while True:
        began = time.monotonic()
        try:
            async with asyncio.timeout(left):
                data = await anext(stream, None)
        except TimeoutError:
            slow = f"less than {LEAST_BYTES:,} bytes came in {seconds:.0f} s"
            message = f"{slow}: the upload was given up; send it again"
            raise Problem(408, "too_slow", message, None, {"Connection": "close"}) from None
        if data is None:
            return
        came, left = came + len(data), left - (time.monotonic() - began)
        if came >= LEAST_BYTES:
            came, left = 0, seconds
        yield data


def _named(headers: Headers) -> str:
    """The name of a bare body: from Content-Disposition."""
    _, options = parse_options_header(headers.get("content-disposition", ""))
    for key in (b"filename*", b"filename"):
        if key in options:
            text = options[key].decode("utf-8", "replace")
            return shown(unquote(text.split("''", 1)[-1]) if key == b"filename*" else text)
    return UNNAMED
