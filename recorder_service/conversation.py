"""The live socket from a client's side: start, audio, what the server says, stop, done.

A connection may break at any moment, and nothing that was said is lost by it: audio is kept until
the server has accepted it, and another connection goes on with the same session. There `ready` says
from which sample on, and what happened meanwhile comes after it. Where the server has lost the
session, a new one begins with what was not accepted; at worst an utterance is heard twice.
"""

import asyncio
import contextlib
import itertools
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from contracts import codec
from contracts.messages import Error, Result
from contracts.socket_messages import TO_CLIENT, Accepted, Done, Ping, Pong, Ready, Start, Stop
from recorder_service.closing import ANNOUNCED, Loss, TakenOver, judge
from recorder_service.gateways import Gateways, Unreachable
from recorder_service.options import Options
from recorder_service.patience import Patience
from recorder_service.recording import Recording
from recorder_service.session import Session
from recorder_service.sources import Source

LONGEST_FRAME = 16_384
"""Samples of one message when there is much to send."""


class Display(Protocol):
    def show(self, message: object, offset: float) -> None:
        """A message of the server, each once; its times are `offset` seconds late (sessions begin at 0)."""

    def note(self, sentence: str) -> None:
        """Something about the connection."""


class Conversation:
    def __init__(self, source: Source, options: Options, display: Display) -> None:
        self.failures = 0
        """Utterances without a result, and errors that will come again."""
        self._options = options
        self._display = display
        self._recording = Recording(source, options.keep_seconds)
        self._gateways = Gateways(options)
        self._patience = Patience(options.waits)
        self._session: Session | None = None
        self._strays = 0
        """Attempts to go on with the session of which we do not know what became."""
        # of the present connection, or the last one:
        self._opened = 0.0
        self._welcomed = False
        self._lost = ""
        self._error: Error | None = None

    async def run(self) -> None:
        """Stream everything and wait for every result. Raises Unreachable, Refused, and whatever the
        source raised, such as BadAudio, when all that it gave before has its results."""
        reading = asyncio.create_task(self._recording.read())
        try:
            connection = await self._gateways.first()
            while not await self._converse(connection):
                connection = await self._next(connection)
        finally:
            reading.cancel()
            await asyncio.wait([reading])
        if self._recording.broken:
            raise self._recording.broken

    async def _converse(self, connection: ClientConnection) -> bool:
        """One connection from `start` to its end; True when that was `done`."""
        self._opened, self._welcomed, self._lost, self._error = _now(), False, "Connection lost", None
        done = False
        async with connection, asyncio.TaskGroup() as tasks:
            speaking: list[asyncio.Task[None]] = []
            with contextlib.suppress(ConnectionClosed):  # `_receive` hears of it too
                await connection.send(codec.dumps(self._start()))
            while not done and (message := await self._receive(connection)) is not None:
                self._hear(message)
                if isinstance(message, Ready) and not self._welcomed:
                    self._welcomed = True
                    speaking = [
                        tasks.create_task(self._speak(connection, message)),
                        tasks.create_task(self._ping(connection)),
                    ]
                done = isinstance(message, Done)
            for task in speaking:
                task.cancel()
        return done

    def _start(self) -> Start:
        claim = self._session.claim() if self._session else {}
        return Start(
            sample_rate=self._recording.rate,
            format="f32le",
            language=self._options.language,
            task=self._options.task,
            **claim,
        )

    async def _receive(self, connection: ClientConnection) -> Any | None:
        """The next message; None when there will be none. A server that is alive says something every
        few seconds (it answers our pings): one that does not is gone, whatever TCP believes."""
        while True:
            try:
                async with asyncio.timeout(self._options.waits.dead):
                    text = await connection.recv()
                return codec.loads(text, *TO_CLIENT)
            except codec.DecodeError as error:
                self._display.note(f"Not understood, perhaps of a newer server: {error}")
            except TimeoutError:
                self._lost = f"Nothing came from the server for {self._options.waits.dead:g} s"
                connection.transport.abort()  # to say goodbye would take as long again
                return None
            except ConnectionClosed:
                return None

    async def _ping(self, connection: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            for number in itertools.count(1):
                await asyncio.sleep(self._options.waits.ping)
                await connection.send(codec.dumps(Ping(number)))

    async def _speak(self, connection: ClientConnection, ready: Ready) -> None:
        """Send the recording from where the session stands, then `stop`, however often that was sent."""
        assert self._session is not None, "ready has come"
        position = self._session.base + ready.samples
        longest = max(1, min(LONGEST_FRAME, ready.limits.max_frame_bytes // 4))
        with contextlib.suppress(ConnectionClosed):
            while True:
                if position < self._recording.first:
                    position = await self._keep_silent(connection, position, longest)
                samples = await self._recording.samples(position, longest)
                if samples is None:
                    break
                await connection.send(samples.astype("<f4").tobytes())
                position += len(samples)
            await connection.send(codec.dumps(Stop()))

    async def _keep_silent(self, connection: ClientConnection, position: int, longest: int) -> int:
        """Send silence for what had to be given up, so that the times of all that follows stay right."""
        gap = self._recording.first - position
        self._display.note(f"{self._recording.seconds(gap):.1f} s of audio could not be kept; silence takes its place")
        for at in range(0, gap, longest):
            await connection.send(bytes(4 * min(longest, gap - at)))
        return position + gap

    def _hear(self, message: Any) -> None:
        """Take in one message and show it, unless it has come before."""
        if isinstance(message, Ready):
            self._join(message)
        session, seq = self._session, getattr(message, "seq", None)
        if isinstance(message, Pong) or (session and not session.takes(seq)):
            return
        if isinstance(message, Error) and message.utterance is None:
            self._error = message
            self.failures += not message.retryable and message.code not in ANNOUNCED
        if session:
            self._count(session, message)
        self._display.show(message, self._recording.seconds(session.base) if session else 0.0)

    def _count(self, session: Session, message: Any) -> None:
        news = getattr(message, "seq", None) is not None
        if isinstance(message, Accepted):
            news = self._recording.accept(session.base + message.samples)
        elif isinstance(message, Result):
            session.results += 1
        elif isinstance(message, Done):
            self.failures += message.utterances - session.results
        if isinstance(message, Result | Error):
            session.worded = max(session.worded, message.end or 0.0)
        if news:
            self._patience.progress()

    def _join(self, ready: Ready) -> None:
        """Go on with the session, or begin the one that the server gives."""
        if self._session and ready.resumed and ready.session == self._session.id:
            return
        self._leave()
        given_up = self._recording.seconds(self._recording.first - self._recording.accepted)
        if given_up:
            self._display.note(f"{given_up:.1f} s of audio could not be kept and are missing")
        self._session = Session(ready.session, ready.key, self._recording.first - ready.samples)

    def _leave(self) -> None:
        """The server has lost the session, and with it the news of what is still to come of it."""
        session, self._session, self._strays = self._session, None, 0
        if session is None:
            return
        self._display.note("A new session goes on with what was not accepted.")
        if self._recording.seconds(self._recording.accepted - session.base) > session.worded:
            self.failures += 1  # it may have been silence; nobody can tell us any more
            self._display.note("Results of the old one that had not come will not be shown here.")

    async def _next(self, connection: ClientConnection) -> ClientConnection:
        """The next connection, after one that was lost. Raises Refused, TakenOver, Unreachable."""
        if _now() - self._opened > self._options.waits.steady:
            self._patience.progress()
            self._strays = 0
        loss = self._judge(connection)
        if loss.forgotten:
            self._leave()
            with contextlib.suppress(Unreachable):
                return await self._gateways.connect()  # at once: this is not a server in trouble
        told = loss.told if self._gateways.all_refuse(loss.told > 0) else 0.0
        if loss.told:
            self._lost = f"The server takes nothing now and asks to wait {loss.told:g} s"
        return await self._try_again(told, loss.said)

    def _judge(self, connection: ClientConnection) -> Loss:
        claimed = self._session is not None
        self._strays += claimed and not self._welcomed
        try:
            return judge(connection.close_code, connection.close_reason, self._error, claimed)
        except TakenOver:
            if self._strays == 0:
                raise
            self._strays -= 1  # an attempt of our own that a gateway came round to only now
            return Loss()

    async def _try_again(self, told: float, said: str) -> ClientConnection:
        while (wait := self._patience.wait(_now(), told)) is not None:
            self._display.note(f"{self._lost}; trying again in {wait:.1f} s. {said}".rstrip())
            await asyncio.sleep(wait)
            self._gateways.turn()
            try:
                return await self._gateways.connect()
            except Unreachable as error:
                self._lost, told, said = str(error), 0.0, ""
        owed = self._recording.owed_seconds
        raise Unreachable(
            f"{self._lost}. Gave up after {self._options.waits.patience:g} s without progress; "
            f"{owed:.1f} s of audio were not accepted. {said}".rstrip()
        )


def _now() -> float:
    return asyncio.get_running_loop().time()
