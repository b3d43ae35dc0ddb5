"""One socket from its first message to its close: which message is legal when, and what it does.

A socket that has said nothing owns nothing but this object and two tasks.
"""

import asyncio
import contextlib
import enum
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from redis.exceptions import RedisError
from starlette.websockets import WebSocket, WebSocketDisconnect

from contracts import audio, codec
from contracts.messages import Error
from contracts.socket_messages import Done, Limits, Ping, Pong, Ready, Start, Stop
from fastapi_service import codes, frames
from fastapi_service.admission import admit
from fastapi_service.codes import Refusal
from fastapi_service.exchange import Begun, Exchange
from fastapi_service.frames import Audio
from fastapi_service.gateway import Gateway
from fastapi_service.live.rules import DEFAULT
from fastapi_service.outbox import Close, Outbox
from fastapi_service.workers import ANALYZER, STT, Crew, why

log = logging.getLogger(__name__)


class State(enum.Enum):
    NEW = "nothing was said"
    LIVE = "audio is taken"
    STOPPING = "results are waited for"
    OVER = "the close code is on its way"


class Session:
    def __init__(self, socket: WebSocket, gateway: Gateway) -> None:
        self.id: str | None = None
        self._socket = socket
        self._gateway = gateway
        self._outbox = Outbox()
        self._state = State.NEW
        self._begun: Begun | None = None
        self._exchange: Exchange | None = None
        self._told_after_stop = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve the accepted socket until either side ends it; then release everything."""
        reader, sender = self._spawn(self._read()), self._spawn(self._send())
        try:
            await asyncio.wait({reader, sender}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._state = State.OVER
            for task in self._tasks:
                task.cancel()
            for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    log.error("session task failed", extra={"session": self.id}, exc_info=outcome)
            if self._begun:
                self._gateway.connections.discard(self._begun.identity.owner)
            if self._exchange:
                await self._exchange.close()
                log.info("session ended", extra={"session": self.id, "utterances": self._exchange.utterances})

    @property
    def exchange(self) -> Exchange:
        if self._exchange is None:
            raise RuntimeError(f"no exchange in state {self._state.name}")
        return self._exchange

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if self._state is State.OVER:
                continue
            await self._guard(self._take(message))

    async def _take(self, message: Any) -> None:
        try:
            frame = frames.read(message, self._gateway.settings.max_frame_bytes)
            await TRANSITIONS[self._state, type(frame)](self, frame)
        except audio.NotPcm as error:
            raise Refusal(codes.NOT_PCM, f"{error}; send mono PCM in the format that start announced") from None

    async def _send(self) -> None:
        while True:
            message = await self._outbox.next()
            try:
                async with asyncio.timeout(self._gateway.settings.send_timeout_seconds):
                    if isinstance(message, Close):
                        await self._socket.close(message.code, message.reason)
                        return
                    await self._socket.send_text(codec.dumps(message))
            except TimeoutError:
                log.warning("client does not read", extra={"session": self.id})
                with contextlib.suppress(WebSocketDisconnect):
                    await self._socket.close(codes.SLOW_READER.close or 0, codes.SLOW_READER.name)
                return
            except WebSocketDisconnect:
                await self._speak_to_nobody()
                return

    async def _speak_to_nobody(self) -> None:
        """The client has gone, but what it said before is still being read: its last words count."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._gateway.patience.last_words_seconds):
                while not isinstance(await self._outbox.next(), Close):
                    continue

    async def _begin(self, start: Start) -> None:
        frames.check_start(start)
        begun = await admit(start, self._gateway)
        self.id = begun.identity.session
        self._begun = begun
        self._exchange = Exchange(begun, start, self._gateway, self._outbox)
        crew = await self._crew()
        self._state = State.LIVE
        await self._outbox.put(self._ready(start, crew))
        self._spawn(self._guard(self._exchange.pump()))
        if crew.missing:
            reasons = "; ".join(map(why, crew.missing))
            await self._tell(codes.NOT_READY, f"no words yet: {reasons}. What you say is kept and answered later")
        log.info("session started", extra={"session": self.id, "sample_rate": start.sample_rate})

    async def _crew(self) -> Crew:
        try:
            return await self._gateway.workers.look()
        except (RedisError, OSError):  # gone a moment after it took the session: that is told when it matters
            return Crew()

    def _ready(self, start: Start, crew: Crew) -> Ready:
        settings = self._gateway.settings
        stt, analyzer = crew.best(STT), crew.best(ANALYZER)
        return Ready(
            session=self.id or "",
            samples=self.exchange.received,
            sample_rate=start.sample_rate,
            engine=stt.engine,
            model=stt.model,
            sentiment_model=analyzer.model,
            demo_models=crew.demo_models,
            resumed=start.session is not None,
            key=self._begun.identity.key if self._begun else "",
            limits=Limits(
                max_frame_bytes=settings.max_frame_bytes,
                max_lead_seconds=settings.max_lead_seconds,
                max_utterance_seconds=audio.seconds(DEFAULT.hard_maximum),
            ),
        )

    async def _begin_unasked(self, frame: Audio | Stop) -> None:
        await self._begin(Start())
        await TRANSITIONS[self._state, type(frame)](self, frame)

    async def _hear(self, frame: Audio) -> None:
        await self.exchange.hear(frame.data)

    async def _stop(self, _: Stop) -> None:
        self._state = State.STOPPING
        # before anything else is read: who stops and leaves at once has its last words kept
        await self.exchange.flush()
        self._spawn(self._guard(self._finish()))

    async def _finish(self) -> None:
        try:
            async with asyncio.timeout(self._gateway.patience.results_seconds):
                await self.exchange.all_answered()
        except TimeoutError:
            owed = self.exchange.owed
            await self._tell(codes.TIMEOUT, f"{owed} results did not come in time; they will be in the result log")
        done = Done(session=self.id or "", samples=self.exchange.received, utterances=self.exchange.utterances)
        await self._outbox.put(done)
        self._state = State.OVER
        self._outbox.close(codes.DONE, "done")

    async def _pong(self, ping: Ping) -> None:
        await self._outbox.put(Pong(session=self.id, id=ping.id))

    async def _second_start(self, _: Start) -> None:
        raise Refusal(codes.ALREADY_STARTED, "this session has started; close it and connect again to change options")

    async def _after_stop(self, _: Audio | Stop) -> None:
        if not self._told_after_stop:
            self._told_after_stop = True
            raise Refusal(codes.AFTER_STOP, "stop was sent; this and what follows is ignored until done")

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`; a failure is told to the client, and nothing but this session ends by it."""
        try:
            await work
        except Refusal as refusal:
            await self._refuse(refusal)
        except Exception:
            log.exception("session failed", extra={"session": self.id})
            await self._refuse(Refusal(codes.INTERNAL, "the server failed here; connect again"))

    async def _refuse(self, refusal: Refusal) -> None:
        code = refusal.code
        ends = code.ends == "always" or (code.ends == "before ready" and self._state is State.NEW)
        await self._tell(code, refusal.message, refusal.retry_after)
        if ends and code.close:
            log.info("session refused", extra={"session": self.id, "code": code.name})
            self._state = State.OVER
            self._outbox.close(code.close, code.name)

    async def _tell(self, code: codes.Code, message: str, retry_after: float | None = None) -> None:
        told = Error(self.id, code.name, message, code.retryable, at=time.time(), retry_after=retry_after)
        await self._outbox.put(told)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        return task


TRANSITIONS: dict[tuple[State, type], Callable[[Session, Any], Awaitable[None]]] = {
    (State.NEW, Start): Session._begin,
    (State.NEW, Audio): Session._begin_unasked,
    (State.NEW, Stop): Session._begin_unasked,
    (State.NEW, Ping): Session._pong,
    (State.LIVE, Start): Session._second_start,
    (State.LIVE, Audio): Session._hear,
    (State.LIVE, Stop): Session._stop,
    (State.LIVE, Ping): Session._pong,
    (State.STOPPING, Start): Session._second_start,
    (State.STOPPING, Audio): Session._after_stop,
    (State.STOPPING, Stop): Session._after_stop,
    (State.STOPPING, Ping): Session._pong,
}
