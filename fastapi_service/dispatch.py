"""Hands utterances to the speech workers: first durable in Redis, then sent, never on the event loop.

`accept` returns once the utterance is durable; sending goes on by itself, also when the session ends,
and what this process does not get sent the sweeper sends.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from weakref import WeakValueDictionary

from celery import Celery
from kombu.exceptions import OperationalError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts import codec, keys, ledger
from contracts.audio import SAMPLE_RATE
from contracts.broker import HIDDEN
from contracts.job_messages import PrepareTask
from contracts.messages import TranscribeTask
from contracts.names import PREPARE_STAGE, PREPARE_TASK, STT_PARTIAL_QUEUE, STT_QUEUE, STT_STAGE, TRANSCRIBE_TASK
from contracts.routing import queue
from fastapi_service.sessions import Sessions, owned

log = logging.getLogger(__name__)

SHORTEST_WAIT, LONGEST_WAIT = 0.1, 2.0
MOST_SENDING = 1000
"""Utterances that are stored and not sent yet. Of more, and of those that cannot be sent for so long,
the sweeper sends the tasks."""
SENDING_SECONDS = 60.0
PARTIAL_EXPIRES_SECONDS = 2
PROBE_EXPIRES_SECONDS = 30

UNREACHABLE = (RedisError, OperationalError, OSError)
"""What redis-py and kombu raise when Redis is away, full or still loading."""


class Dispatch:
    def __init__(self, redis: Redis, celery: Celery, threads: Executor) -> None:
        self._redis = redis
        self._sessions = Sessions(redis)
        self._celery = celery
        self._threads = threads
        self._sending: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def accept(
        self, task: TranscribeTask, pcm: bytes, owner: str, away: Callable[[Exception], Awaitable[None]]
    ) -> None:
        """Make the utterance durable, trying until Redis takes it, then send it. `away` is called
        after each failure. Raises Refusal when the session is no longer `owner`'s."""
        step = ledger.accept(task, pcm, owner, round(task.end * SAMPLE_RATE))
        wait = SHORTEST_WAIT
        while True:
            try:
                owned(await self._sessions.run(step))
                break
            except UNREACHABLE as error:
                log.warning("utterance not stored yet", extra={**_ids(task), "error": error})
                await away(error)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        self.send_soon(task)

    def send_soon(self, task: TranscribeTask) -> None:
        """Send an utterance that is in the ledger, without waiting for it."""
        if len(self._sending) >= MOST_SENDING:
            log.warning("utterance left to the sweeper: too many wait to be sent", extra=_ids(task))
            return
        sending = asyncio.create_task(self._deliver(task))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    def prepare_soon(self, job_id: str, retry_seconds: float, trace: str) -> None:
        """Send a recording, whose preparation is in the ledger, to be decoded; what fails the sweeper sends."""
        task = PrepareTask(job_id, retry_seconds=retry_seconds, trace=trace, sent_at=time.time())
        sending = asyncio.create_task(self._prepare(task))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def ask_partial(self, task: TranscribeTask, pcm: bytes) -> None:
        """Ask once for the words so far. Raises one of UNREACHABLE."""
        await self._redis.set(keys.partial_audio(task.session, task.utterance), pcm, ex=keys.PARTIAL_TTL_SECONDS)
        await self._send(task, queue=STT_PARTIAL_QUEUE, expires=PARTIAL_EXPIRES_SECONDS)

    async def ask_probe(self, task: TranscribeTask) -> None:
        """Send a readiness probe. Raises one of UNREACHABLE."""
        await self._send(task, queue=STT_QUEUE, expires=PROBE_EXPIRES_SECONDS)

    async def close(self, seconds: float = 3.0) -> None:
        """Give what is being sent a last moment."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=seconds)
            for sending in late:
                sending.cancel()
            if late:
                log.error("utterances stored but not sent when the gateway ended", extra={"utterances": len(late)})

    async def _deliver(self, task: TranscribeTask) -> None:
        """Send until the broker takes it, for a while; of one session first what was said first."""
        turn = self._turns.setdefault(task.session, asyncio.Lock())
        give_up = time.monotonic() + SENDING_SECONDS
        wait = SHORTEST_WAIT
        while time.monotonic() < give_up:
            try:
                place = queue(STT_STAGE, task.session)
                async with turn:
                    await self._send(task, queue=place, task_id=keys.task_id(STT_STAGE, task.session, task.utterance))
                return
            except UNREACHABLE as error:
                log.warning("utterance not sent yet", extra={**_ids(task), "error": error})
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        log.error("utterance left to the sweeper: the broker takes nothing", extra=_ids(task))

    async def _prepare(self, task: PrepareTask) -> None:
        def send() -> None:
            self._celery.send_task(
                PREPARE_TASK,
                kwargs={"message": codec.encode(task)},
                queue=queue(PREPARE_STAGE, task.session),
                task_id=keys.task_id(PREPARE_STAGE, task.session, task.utterance),
                retry=False,
                **HIDDEN,
            )

        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, send)
        except UNREACHABLE as error:
            log.warning("recording left to the sweeper", extra={"job": task.session, "error": error})

    async def _send(
        self, task: TranscribeTask, queue: str, task_id: str | None = None, expires: float | None = None
    ) -> None:
        def send() -> None:
            message = codec.encode(dataclasses.replace(task, sent_at=time.time()))
            self._celery.send_task(
                TRANSCRIBE_TASK,
                kwargs={"message": message},
                queue=queue,
                task_id=task_id,
                expires=expires,
                retry=False,
                **HIDDEN,
            )

        await asyncio.get_running_loop().run_in_executor(self._threads, send)


def _ids(task: TranscribeTask) -> dict[str, object]:
    return {"session": task.session, "utterance": task.utterance, "trace": task.trace}
