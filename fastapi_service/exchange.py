"""One started session's traffic with the workers: audio to utterances, answers to messages."""

import asyncio
import contextlib
import dataclasses
import logging
import math
import secrets
import time
from collections.abc import AsyncIterator

from contracts import audio, keys
from contracts.connect import out_of_memory
from contracts.messages import Error, Hypothesis, Result, TakenOver, TranscribeTask, Transcript
from contracts.socket_messages import Accepted, Partial, Start
from fastapi_service.codes import STORAGE_FULL, STORAGE_UNAVAILABLE, Code
from fastapi_service.dispatch import UNREACHABLE
from fastapi_service.feed import Event, Feed
from fastapi_service.gateway import Gateway
from fastapi_service.hearing import Hearing
from fastapi_service.lead import Lead
from fastapi_service.live.conversation import PartialDue, Utterance
from fastapi_service.outbox import Outbox
from fastapi_service.partials import Partials
from fastapi_service.sessions import Identity, Standing, taken_over

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Begun:
    """A session that is this connection's: where it stands, and the feed of its answers."""

    identity: Identity
    standing: Standing
    feed: Feed


class Exchange:
    """Begins where `standing` says; `feed` brings the answers from there on."""

    def __init__(self, begun: Begun, start: Start, gateway: Gateway, outbox: Outbox) -> None:
        self.session = begun.identity.session
        self._identity = begun.identity
        self._feed = begun.feed
        self.utterances = begun.standing.origin.utterances
        self._start = start
        self._gateway = gateway
        self._outbox = outbox
        self._hearing = Hearing(start, gateway.ears.detector(), gateway.ears.threads, begun.standing.origin)
        self._lead = Lead(int(gateway.settings.max_lead_seconds * audio.SAMPLE_RATE), self.utterances)
        for number, utterance in begun.standing.open.items():
            self._lead.add(number, utterance.samples, utterance.worded)
        self._durable = self._hearing.settled
        self._told_accepted = self._hearing.received
        self._told_away: str | None = None
        self._wants_partials = start.partials and gateway.settings.partials
        self._partials = Partials(self._hearing, self._ask, gateway.patience.partial_seconds)

    @property
    def received(self) -> int:
        return self._hearing.received

    @property
    def owed(self) -> int:
        """Utterances accepted whose result is not there yet."""
        return self._lead.open

    async def close(self) -> None:
        self._partials.close()
        await self._gateway.results.close(self._feed)

    async def hear(self, data: bytes) -> None:
        """Take PCM, once Redis has room for it; return when there is room for more. Raises NotPcm."""
        await self._room()
        spacing = self._gateway.load.spacing if self._wants_partials else math.inf
        signals = await self._hearing.hear(data, time.time(), spacing)
        finished = [signal for signal in signals if isinstance(signal, Utterance)]
        for utterance in finished:
            await self._accept(utterance)
        self._hearing.forget()
        await self._tell_accepted(at_once=bool(finished))
        if signals and isinstance(signals[-1], PartialDue):
            self._partials.due(signals[-1])
        while not await self._lead.room(self._gateway.patience.sign_of_life_seconds):
            await self._sign_of_life()

    async def flush(self) -> None:
        """No more audio: what was said becomes utterances."""
        for utterance in await self._hearing.stop(time.time()):
            await self._accept(utterance)
        await self._tell_accepted(at_once=True)

    async def all_answered(self) -> None:
        await self._feed.caught_up()
        await self._lead.all_finished()

    async def pump(self) -> None:
        """Bring the workers' answers to the client until cancelled. Raises Refusal once another
        connection has the session."""
        self._feed.expect(lambda: self._lead.open > 0)
        while True:
            for event in await self._feed.next():
                await self._take(event)

    async def _take(self, event: Event) -> None:
        match event:
            case TakenOver():
                if event.owner != self._identity.owner:
                    raise taken_over()
            case Hypothesis():
                caption = await self._partials.answer(event)
                if caption and self._wants_words(caption.utterance):
                    self._outbox.put_partial(Partial(session=self.session, **dataclasses.asdict(caption)))
            case Transcript():
                self._gateway.load.learn(event)
                await self._hearing.conclude(event)
                await self._outbox.put(event)
                await self._lead.words_out(event.utterance)
            case Result() | Error():
                if isinstance(event, Result):
                    self._gateway.probe.witness(event)
                await self._outbox.put(event)
                if event.utterance is not None:
                    await self._lead.finish(event.utterance)

    def _wants_words(self, utterance: int) -> bool:
        """Whether it goes on, or was accepted and has neither its transcript nor an error."""
        return utterance > self.utterances or self._lead.waits_for(utterance)

    async def _accept(self, utterance: Utterance) -> None:
        pcm = audio.to_s16le(utterance.samples)
        task = self._task(utterance, pcm, audio_key=keys.audio(self.session, utterance.number))
        now = time.time()
        task = dataclasses.replace(
            task,
            words=self._start.words,
            speech_seconds=audio.seconds(utterance.speech),
            spoken_at=min(now, self._hearing.spoken_at(utterance)),
            accepted_at=now,
        )
        async with self._signs_of_life():
            await self._gateway.dispatch.accept(task, pcm, self._identity.owner, self._tell_away)
        self._told_away = None
        self._durable = max(self._durable, utterance.end)
        self._lead.add(utterance.number, utterance.end - utterance.start)
        self.utterances += 1
        log.info(
            "utterance accepted",
            extra={
                "session": self.session,
                "utterance": utterance.number,
                "trace": task.trace,
                "seconds": audio.seconds(utterance.end - utterance.start),
                "reason": utterance.reason,
            },
        )

    def _task(self, piece: Utterance | PartialDue, pcm: bytes, audio_key: str) -> TranscribeTask:
        return TranscribeTask(
            session=self.session,
            utterance=piece.number,
            audio_key=audio_key,
            audio_bytes=len(pcm),
            audio_sha256=audio.digest(pcm),
            start=audio.seconds(piece.start),
            end=audio.seconds(piece.end),
            language=self._hearing.language,
            task=self._start.task,
            trace=secrets.token_hex(8),
        )

    async def _ask(self, due: PartialDue) -> None:
        pcm = audio.to_s16le(due.samples)
        task = self._task(due, pcm, audio_key=keys.partial_audio(self.session, due.number))
        await self._gateway.dispatch.ask_partial(dataclasses.replace(task, kind="partial"), pcm)

    async def _tell_accepted(self, at_once: bool) -> None:
        """Say what the client may drop, once Redis knows it: each utterance at once, silence once a second."""
        await self._settle(1 if at_once else audio.SAMPLE_RATE)
        settled = self._hearing.in_client_samples(self._durable)
        news = settled - self._told_accepted
        if news >= self._start.sample_rate or (at_once and news > 0):
            self._told_accepted = settled
            await self._outbox.put(Accepted(session=self.session, samples=settled))

    async def _settle(self, least: int) -> None:
        """Make silence durable, if it is `least` samples or more: who goes on with the session need not
        hear it again."""
        settled = self._hearing.settled
        if settled - self._durable < least:
            return
        try:
            async with self._signs_of_life():
                await self._gateway.sessions.settle(self._identity, settled, self._hearing.language)
        except UNREACHABLE as error:
            log.debug("silence not settled yet", extra={"session": self.session, "error": error})
            return
        self._durable = settled

    async def _room(self) -> None:
        """Wait while Redis is nearly full: what is accepted already needs the rest of it."""
        if not self._gateway.load.memory.full:
            return
        await self._tell(STORAGE_FULL)
        while not await self._gateway.load.room(self._gateway.patience.sign_of_life_seconds):
            await self._sign_of_life()
        self._told_away = None

    async def _tell_away(self, error: Exception) -> None:
        await self._tell(STORAGE_FULL if out_of_memory(error) else STORAGE_UNAVAILABLE)

    async def _tell(self, code: Code) -> None:
        """Say so once per outage; the session goes on by itself."""
        if self._told_away == code.name:
            await self._sign_of_life()
            return
        self._told_away = code.name
        reason = "storage is full" if code is STORAGE_FULL else "server cannot reach its storage"
        message = f"the {reason}; it keeps trying and takes no audio meanwhile"
        await self._outbox.put(
            Error(session=self.session, code=code.name, message=message, retryable=code.retryable, at=time.time())
        )

    @contextlib.asynccontextmanager
    async def _signs_of_life(self) -> AsyncIterator[None]:
        """While inside, for as long as Redis may take to answer or not to: who swallows packets says nothing."""
        giving = asyncio.create_task(self._keep_giving_signs())
        try:
            yield
        finally:
            giving.cancel()

    async def _keep_giving_signs(self) -> None:
        while True:
            await asyncio.sleep(self._gateway.patience.sign_of_life_seconds)
            await self._sign_of_life()

    async def _sign_of_life(self) -> None:
        await self._outbox.put(Accepted(session=self.session, samples=self._told_accepted))
