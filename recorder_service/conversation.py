"""The live socket from a client's side: start, audio, what the server says, stop, done.

One task sends (`_send`), one hears (`_hear`). Audio stays in the backlog until the server has
accepted it; when a connection breaks, a new session begins with the backlog, so that nothing
spoken is lost, at worst an utterance is heard twice.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from contracts import codec
from contracts.messages import TO_CLIENT, Accepted, Done, Error, Result, Start, Stop
from recorder_service.backlog import Backlog
from recorder_service.sources import BadAudio, Samples, Source

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each new attempt; every accepted sample begins the list again."""

TRANSIENT = (1001, 1006, 1011, 1012, 1013)
"""Close codes after which trying again makes sense; after any other one the server meant it."""


class Unreachable(Exception):
    """No connection, in words."""


class Refused(Exception):
    """The server ended the session for good, in words."""


class Display(Protocol):
    def show(self, message: object, offset: float) -> None:
        """A message of the server; its times are `offset` seconds late (sessions begin at 0)."""

    def note(self, sentence: str) -> None:
        """Something about the connection."""


@dataclass(frozen=True)
class Options:
    url: str
    language: str | None = None
    task: str = "transcribe"
    insecure: bool = False
    waits: tuple[float, ...] = WAITS


class Conversation:
    def __init__(self, source: Source, options: Options, display: Display) -> None:
        self._source = source
        self._options = options
        self._display = display
        self._backlog = Backlog()
        self._base = 0  # the recording's sample that is sample 0 of this session
        self._results = 0  # of this session
        self._attempt = 0
        self._last_error = ""
        self._ended = False
        self._broken: BadAudio | None = None
        self.failures = 0
        """Utterances without a result, and errors that will come again."""

    async def run(self) -> None:
        """Stream everything and wait for every result. Raises Unreachable, Refused, BadAudio."""
        connection = await self._connect()
        while not await self._converse(connection):
            connection = await self._reconnect()
        if self._broken:
            raise self._broken

    async def _connect(self) -> ClientConnection:
        url = self._options.url
        trust = ssl.create_default_context() if url.startswith("wss:") else None
        if trust and self._options.insecure:
            trust.check_hostname = False
            trust.verify_mode = ssl.CERT_NONE
        try:
            # A server that is behind reads late, and then also answers pings late: wait long.
            return await connect(url, ssl=trust, compression=None, max_size=2**22, ping_timeout=120)
        except ssl.SSLCertVerificationError as error:
            reason = f"its certificate is not trusted ({error.verify_message}); --insecure accepts it anyway"
        except (InvalidURI, InvalidHandshake, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
        raise Unreachable(f"Cannot connect to {url}: {reason}")

    async def _reconnect(self) -> ClientConnection:
        while self._attempt < len(self._options.waits):
            wait = self._options.waits[self._attempt]
            self._attempt += 1
            self._display.note(f"Connection lost; trying again in {wait:g} s. {self._last_error}".rstrip())
            await asyncio.sleep(wait)
            with contextlib.suppress(Unreachable):
                return await self._connect()
        raise Unreachable(f"Connection to {self._options.url} lost and not found again. {self._last_error}".rstrip())

    async def _converse(self, connection: ClientConnection) -> bool:
        """One session; True when the server said `done`, False when the connection broke."""
        self._base = self._backlog.first
        self._results = 0
        async with connection, asyncio.TaskGroup() as tasks:
            sender = tasks.create_task(self._send(connection))
            done = await self._listen(connection)
            sender.cancel()
        if not done and connection.close_code not in TRANSIENT:
            said = self._last_error or connection.close_reason or "it gave no reason"
            raise Refused(f"The server closed the session ({connection.close_code}): {said}")
        return done

    async def _listen(self, connection: ClientConnection) -> bool:
        """Hear every message; True when `done` was among them."""
        with contextlib.suppress(ConnectionClosed):  # its code is judged in `_converse`
            async for text in connection:
                if self._hear(text):
                    return True
        return False

    async def _send(self, connection: ClientConnection) -> None:
        start = Start(
            sample_rate=self._source.rate, format="f32le", language=self._options.language, task=self._options.task
        )
        with contextlib.suppress(ConnectionClosed):  # `_converse` hears of it too, and decides
            await connection.send(codec.dumps(start))
            for kept in self._backlog:
                await connection.send(kept.astype("<f4").tobytes())
            while (block := await self._next_block()) is not None:
                self._backlog.add(block)
                await connection.send(block.astype("<f4").tobytes())
            await connection.send(codec.dumps(Stop()))

    async def _next_block(self) -> Samples | None:
        if self._ended:
            return None
        try:
            block = await self._source.read()
        except BadAudio as error:  # what was read before still gets its words
            self._broken, block = error, None
        self._ended = block is None
        return block

    def _hear(self, text: str | bytes) -> bool:
        """Take in one message; True when it was the last."""
        try:
            message = codec.loads(text, *TO_CLIENT)
        except codec.DecodeError as error:
            self._display.note(f"Not understood, perhaps of a newer server: {error}")
            return False
        if isinstance(message, Accepted):
            self._accept(message.samples)
        elif isinstance(message, Result):
            self._results += 1
        elif isinstance(message, Error):
            self._last_error = message.message
            self.failures += message.utterance is None and not message.retryable
        elif isinstance(message, Done):
            self.failures += message.utterances - self._results
        self._display.show(message, self._base / self._source.rate)
        return isinstance(message, Done)

    def _accept(self, samples: int) -> None:
        before = self._backlog.first
        self._backlog.accept(self._base + samples)
        if self._backlog.first > before:
            self._attempt = 0
