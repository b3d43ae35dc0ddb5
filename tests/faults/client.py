"""The shipped client (`recorder_service`) as a witness: what it said, and everything it was told.

A `Party` runs any number of them in a thread of its own. Their waits are short, so that much happens
in a short run, and their patience is without end: giving up is up to the harness.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection

from contracts.messages import Error
from contracts.socket_messages import Accepted, Done, Ready
from recorder_service.conversation import Conversation
from recorder_service.options import Options, Waits
from tests.eventually import PATIENCE
from tests.faults.speech import Manner, Speech

WAITS = Waits(first=0.25, longest=1.0, told=5.0, patience=3600.0, steady=10.0, ping=1.0, dead=5.0)
LONGEST_END_SECONDS = 10.0


@dataclass
class Told:
    """What one connection brought of one session. `seqs` are its durable events as they came, `after`
    what the client had before; `gone` whether it was told that events are no longer kept."""

    session: str
    after: int
    at: float
    opened: float
    """When the client began to connect."""
    resumed: bool
    seqs: list[int] = field(default_factory=list)
    accepted: int = 0
    gone: bool = False
    done: Done | None = None


@dataclass
class Had:
    """A durable event as the client kept it."""

    session: str
    seq: int
    kind: str
    utterance: int


class Silent:
    def show(self, message: object, offset: float) -> None:
        return

    def note(self, sentence: str) -> None:
        return


class Client(Conversation):
    def __init__(self, name: str, urls: Sequence[str], seed: int, manner: Manner) -> None:
        self.name = name
        self.speech = Speech(seed, manner)
        self.told: list[Told] = []
        self.had: list[Had] = []
        self.errors: list[str] = []
        """Codes of errors that are of no utterance."""
        self.left = False
        """It went away without a word."""
        self.trouble: str | None = None
        """Why it ended otherwise than by `done`."""
        self.broken: list[float] = []
        """When it lost a connection."""
        self._after = 0
        super().__init__(self.speech, Options(tuple(urls), "en", keep_seconds=240, waits=WAITS), Silent())

    async def speak(self) -> None:
        try:
            await self.run()
        except asyncio.CancelledError:
            self.left = True
        except Exception as error:  # whatever it is, it is what the run is about
            self.trouble = f"{type(error).__name__}: {error}"

    async def _converse(self, connection: ClientConnection) -> bool:
        self._began = time.time()
        self._after = self._session.seq if self._session else 0
        done = await super()._converse(connection)
        if not done:
            self.broken.append(time.time())
        return done

    def _hear(self, message: Any) -> None:
        if isinstance(message, Ready):
            after = self._after if message.resumed else 0
            safe = message.samples if message.resumed else 0
            self.told.append(Told(message.session, after, time.time(), self._began, message.resumed, accepted=safe))
        before = self._session.seq if self._session else 0
        super()._hear(message)
        seq = getattr(message, "seq", None)
        if isinstance(message, Error) and message.utterance is None:
            self.errors.append(message.code)
        if not self.told:
            return
        told = self.told[-1]
        if isinstance(message, Accepted):
            told.accepted = max(told.accepted, message.samples)
        elif isinstance(message, Done):
            told.done = message
        elif isinstance(message, Error) and message.code == "events_lost":
            told.gone = True
        elif seq is not None:
            told.seqs.append(seq)
            if self._session and self._session.seq != before:
                self.had.append(Had(told.session, seq, type(message).__name__, message.utterance))


class Party:
    """Use as a context manager; who still speaks at its end leaves."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="party")
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def join(self, name: str, urls: Sequence[str], seed: int, manner: Manner) -> Client:
        return self._do(self._join(name, urls, seed, manner))

    def leave(self, client: Client) -> None:
        """It goes away as a closed laptop does."""
        self._loop.call_soon_threadsafe(self._tasks[client.name].cancel)

    def finish(self) -> None:
        """All say what they have begun, and wait for their results."""
        for client in self.clients:
            self._loop.call_soon_threadsafe(client.speech.stop)

    def speaks(self, client: Client) -> bool:
        return not self._tasks[client.name].done()

    @property
    def speaking(self) -> list[str]:
        return [client.name for client in self.clients if self.speaks(client)]

    async def _join(self, name: str, urls: Sequence[str], seed: int, manner: Manner) -> Client:
        client = Client(name, urls, seed, manner)
        self.clients.append(client)
        self._tasks[name] = asyncio.create_task(client.speak())
        return client

    async def _dismiss(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.wait(self._tasks.values(), timeout=LONGEST_END_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._tasks:
            self._do(self._dismiss())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)
