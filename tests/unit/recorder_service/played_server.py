"""A server that a test plays, one script for each connection, and a client that talks to it."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from contracts import codec
from contracts.messages import Result, Sentiment
from contracts.socket_messages import Done, Limits, Pong, Ready
from recorder_service.conversation import Conversation
from recorder_service.options import Options, Waits
from recorder_service.sources import BadAudio, Samples

RATE = 32_000
BLOCK = 2048
RECORDING = np.linspace(0.01, 1, 10 * BLOCK, dtype=np.float32)
QUICK = Waits(first=0.002, longest=0.01, patience=120, ping=0.02, dead=60)


def ready(samples: int = 0, session: str = "s", resumed: bool = False, key: str = "secret") -> Ready:
    return Ready(session, samples, RATE, "e", "m", "sm", False, resumed, Limits(262_144, 60.0, 15.0), key)


def result(seq: int, utterance: int | None = None, session: str = "s", end: float = 1.0) -> Result:
    sentiment = Sentiment("NEUTRAL", 0.0, {}, "sm")
    return Result(session, utterance or seq, 0.0, end, f"{seq}", "en", 0.9, sentiment, "e", "m", seq=seq)


class Peer:
    """The server's end of one connection; `start` is how the client opened it."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.start: dict[str, Any] = {}
        self.pings = 0
        self._audio = bytearray()

    @property
    def audio(self) -> Samples:
        """All that came on this connection."""
        return np.frombuffer(bytes(self._audio), "<f4")

    async def text(self) -> dict[str, Any]:
        """The next text message that is no ping."""
        while (message := await self._take()) is None:
            continue
        return message

    async def samples(self, count: int) -> None:
        """Read until so many samples have come on this connection."""
        while len(self._audio) < 4 * count:
            await self._take()

    async def pinged(self, times: int) -> None:
        """Read until so many more pings have come."""
        enough = self.pings + times
        while self.pings < enough:
            await self._take()

    async def _take(self) -> dict[str, Any] | None:
        """Read one message, collect audio, answer a ping; anything else is returned."""
        data = await self.connection.recv()
        if isinstance(data, bytes):
            self._audio += data
            return None
        message: dict[str, Any] = json.loads(data)
        if message["type"] != "ping":
            return message
        self.pings += 1
        await self.say(Pong(None, message["id"]))
        return None

    async def say(self, *messages: object) -> None:
        for message in messages:
            await self.connection.send(codec.dumps(message))

    async def cut(self, *messages: object) -> None:
        """Say a last thing and break the connection once the client has read it."""
        await self.say(*messages)
        await (await self.connection.ping())
        self.connection.transport.abort()

    async def close(self, code: int, *messages: object) -> None:
        await self.say(*messages)
        await self.connection.close(code)


Script = Callable[[Peer], Awaitable[None]]


async def cut_at_once(peer: Peer) -> None:
    await peer.cut(ready())


async def to_the_end(peer: Peer, samples: int = 0) -> None:
    """The session goes on, or begins, with all there is."""
    await peer.say(ready(samples, resumed=peer.start["session"] is not None))
    assert await peer.text() == {"type": "stop"}
    await peer.say(Done("s", 0, 0))


class Blocks:
    """A file of the recording in blocks, perhaps broken at its end."""

    rate = RATE
    can_wait = True

    def __init__(self, broken: bool = False) -> None:
        self.left = list(RECORDING.reshape(-1, BLOCK))
        self._broken = broken

    async def read(self) -> Samples | None:
        if not self.left and self._broken:
            raise BadAudio("damaged")
        return self.left.pop(0) if self.left else None

    def stop(self) -> None:
        self.left.clear()


class Spoken:
    """A microphone that hears blocks of the recording when the test says so."""

    rate = RATE
    can_wait = False

    def __init__(self) -> None:
        self._recording = iter(RECORDING.reshape(-1, BLOCK))
        self._blocks: asyncio.Queue[Samples | None] = asyncio.Queue()
        self._heard = asyncio.Event()

    async def read(self) -> Samples | None:
        if self._blocks.empty():
            self._heard.set()
        return await self._blocks.get()

    async def speak(self, blocks: int) -> None:
        """Return when the client has them."""
        for block in itertools.islice(self._recording, blocks):
            self._blocks.put_nowait(block)
        self._heard.clear()
        await self._heard.wait()

    def stop(self) -> None:
        self._blocks.put_nowait(None)


@dataclass
class Talk:
    """What came of it; a Display."""

    peers: list[Peer] = field(default_factory=list)
    shown: list[Any] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: int = 0

    def show(self, message: object, offset: float) -> None:
        self.shown.append(message)
        self.offsets.append(offset)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    @property
    def kinds(self) -> list[str]:
        return [codec.type_name(type(message)) for message in self.shown]

    @property
    def seqs(self) -> list[int]:
        return [message.seq for message in self.shown if getattr(message, "seq", None) is not None]


@contextlib.asynccontextmanager
async def playing(talk: Talk, *scripts: Script) -> AsyncIterator[str]:
    """A server; its address. A connection without a script of its own gets the last one."""

    async def handler(connection: ServerConnection) -> None:
        peer = Peer(connection)
        talk.peers.append(peer)
        script = scripts[min(len(talk.peers), len(scripts)) - 1]
        with contextlib.suppress(ConnectionClosed):
            peer.start = await peer.text()
            await script(peer)

    async with serve(handler, "127.0.0.1", 0, close_timeout=1) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/ws"


def converse(talk: Talk, *scripts: Script, source: Blocks | Spoken | None = None, **options: Any) -> Talk:
    """Stream the recording to a server that plays `scripts`."""

    async def run() -> None:
        async with playing(talk, *scripts) as url:
            chosen = Options((url,), **({"language": "en", "waits": QUICK} | options))
            conversation = Conversation(source or Blocks(), chosen, talk)
            try:
                await conversation.run()
            finally:
                talk.failures = conversation.failures

    asyncio.run(run())
    return talk
