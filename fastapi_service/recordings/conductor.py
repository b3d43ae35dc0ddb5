"""Composition root of the conductor: `python -m fastapi_service.recordings.conductor` until SIGTERM or SIGINT.

It moves every recording on: gives its chunks to the speech workers, a few at a time, so that all
recordings have their share; puts the results together; ends, expires and erases. Any number may
run, on any machine; one acts, another takes over when that one is gone. Beside that, each delivers
webhooks and looks for orphans in the storage.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from contracts import connect, env, logs
from contracts.broker import celery_settings
from contracts.heartbeat import Pulse
from contracts.job_messages import FAILED
from fastapi_service.dispatch import Dispatch
from fastapi_service.recordings import advance, orphans, steps
from fastapi_service.recordings.acts import INTERNAL, UNREADABLE, Acts
from fastapi_service.recordings.advance import Act, Rules
from fastapi_service.recordings.book import Book
from fastapi_service.recordings.job import Problem, Unreadable
from fastapi_service.recordings.room import Room
from fastapi_service.recordings.settings import Conducting
from fastapi_service.recordings.storage import open_storage
from fastapi_service.recordings.storage_errors import StorageError
from fastapi_service.recordings.trouble import Trouble
from fastapi_service.recordings.webhooks import delivery, offer
from fastapi_service.recordings.webhooks.delivery import Delivery
from fastapi_service.recordings.webhooks.sender import Sender

log = logging.getLogger(__name__)

SERVICE = "conductor"
BUSY_SECONDS, IDLE_SECONDS, AWAY_SECONDS = 0.1, 0.5, 1.0
"""Between two looks: while jobs are under way, while none is, after one that failed."""
TURN_SECONDS = 0.2
"""For so long the others wait for a job whose storage is slow, each time."""
CLOSE_SECONDS = 3.0
MOST_LOOKS = 50
"""At a time. (A client of Redis has 100 connections.)"""
MOST_FAILURES = 5
"""Looks at one job, one after the other, that failed in a way nobody foresaw; then the job has failed."""
MOST_UNREADABLE = 60
"""Looks, some ten minutes, at a job that cannot be read: a conductor of the version that wrote it may come."""
UNREACHABLE = (RedisError, OperationalError, OSError)


class Conductor:
    """`own` names this process; calling it takes the jobs that are due, looks at all of them at the same time,
    waits a moment for those looks, and says whether there were any. Raises one of UNREACHABLE."""

    def __init__(self, book: Book, acts: Acts, own: str, rules: Rules) -> None:
        self._book = book
        self._acts = acts
        self._own = own
        self._rules = rules
        self._room = Room(rules.most_open, 3 * rules.look_ms / 1000)
        self._trouble = Trouble(rules.trouble_seconds)
        self._places = asyncio.Semaphore(MOST_LOOKS)
        self._looks: dict[str, asyncio.Task[None]] = {}
        self._acting: bool | None = None
        self._full = False

    async def __call__(self) -> bool:
        claimed = await self._book.run(steps.claim(self._own, self._rules.look_ms))
        self._tell(claimed is not None)
        if claimed is None:
            self._room.clear()
        now, due = claimed or (0, ())
        for job_id in map(bytes.decode, due):
            if job_id not in self._looks and not self._trouble.waits(job_id):
                self._looks[job_id] = asyncio.create_task(self._turn(job_id, now / 1000))
        if self._looks:
            await asyncio.wait(self._looks.values(), timeout=TURN_SECONDS)
        self._settle()
        return bool(due or self._looks)

    async def close(self) -> None:
        """What is not done then another one does, or this one when it is started again."""
        if self._looks:
            await asyncio.wait(self._looks.values(), timeout=CLOSE_SECONDS)
        for look in self._looks.values():
            look.cancel()

    def _settle(self) -> None:
        """Forget the looks that have come to their end. Raises what one of them could not do without."""
        done = [job_id for job_id, look in self._looks.items() if look.done()]
        errors = [self._looks.pop(job_id).exception() for job_id in done]
        for error in errors:
            if error is not None:
                raise error

    async def _turn(self, job_id: str, now: float) -> None:
        """One look at one job; what goes wrong with it alone stops no other."""
        about = {"job": job_id}
        async with self._places:
            try:
                await self._look(job_id, now)
            except StorageError as error:
                if self._trouble.comes(job_id) == 1:
                    log.error("job waits for its storage", extra=about | {"error": error})
            except ResponseError as error:
                if isinstance(error, ReadOnlyError):
                    raise
                if self._trouble.comes(job_id) == 1:
                    log.error("job waits: Redis refuses one of its steps", extra=about | {"error": error})
            except UNREACHABLE:
                raise
            except Unreadable:  # the book has said so
                if self._trouble.comes(job_id) >= MOST_UNREADABLE:
                    await self._acts.end(job_id, FAILED, Problem(advance.UNREADABLE, UNREADABLE))
            except Exception:
                log.exception("job failed in a way nobody foresaw", extra=about)
                if self._trouble.comes(job_id) >= MOST_FAILURES:
                    await self._acts.end(job_id, FAILED, Problem(advance.INTERNAL, INTERNAL))
            else:
                if self._trouble.goes(job_id):
                    log.info("job goes on", extra=about)

    async def _look(self, job_id: str, now: float) -> None:
        try:
            found = await self._book.look(job_id)
        except Unreadable as unreadable:
            await self._acts.dispose(job_id, unreadable, now)
            return
        if found is None:
            log.error("a job that is not there was removed from the list", extra={"job": job_id})
            self._room.leave(job_id)
            await self._book.drop(job_id)
            return
        state, standing = found
        act = advance.act(state, standing, now, self._rules)
        numbers = advance.feed(state, standing, self._rules) if act is Act.FEED else range(0)
        if numbers and await self._is_full():
            numbers = range(0)
        if state.over:
            self._room.leave(job_id)
        elif state.cut and act in (Act.FEED, Act.WAIT):
            numbers = numbers[: self._room.grant(job_id, len(standing.open), len(numbers))]
            await self._acts.tell(state, standing)
        try:
            await self._acts.do(act, state, standing, numbers)
        except StorageError:
            await self._acts.tell_waiting(state)
            raise

    async def _is_full(self) -> bool:
        full = await self._book.memory_share() > self._rules.full_share
        if full and not self._full:
            log.warning("recordings wait: Redis is nearly full")
        self._full = full
        return full

    def _tell(self, acting: bool) -> None:
        if acting != self._acting:
            log.info("this conductor acts" if acting else "another conductor acts, this one stands by")
        self._acting = acting


async def conduct(conductor: Conductor, stopped: asyncio.Event) -> None:
    """Look again and again until stopped; an outage is said once."""
    away = False
    while not stopped.is_set():
        try:
            wait = BUSY_SECONDS if await conductor() else IDLE_SECONDS
            if away:
                log.info("recordings go on")
            away = False
        except UNREACHABLE as error:
            if not away:
                log.error("recordings wait, trying again", extra={"error": error})
            away, wait = True, AWAY_SECONDS
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), wait)


async def run(settings: Conducting) -> None:
    """Raises SettingError."""
    webhooks = offer.read(settings)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    redis = connect.connect_async(settings.redis_url)
    celery = Celery(SERVICE, set_as_current=False)
    celery.conf.update(celery_settings(settings.redis_url, settings.broker_url))
    threads = ThreadPoolExecutor(2, thread_name_prefix="send")
    last = time.monotonic()
    pulse = Pulse(connect.connect(settings.redis_url), SERVICE, settings.heartbeat_file)
    book, dispatch = Book(redis), Dispatch(redis, celery, threads)
    storage, rules = open_storage(settings.storage_url), delivery.Rules()
    acts = Acts(book, storage, dispatch, settings.result_ttl_seconds)
    asking = ThreadPoolExecutor(rules.most, thread_name_prefix="names")
    sender = Sender(webhooks.hosts, asking, rules.attempt_seconds)
    pulse.start()
    pulse.say(state="ready")
    async with asyncio.TaskGroup() as beside:
        beside.create_task(Delivery(redis, webhooks, sender, rules).run(stopped))
        sweeping = beside.create_task(orphans.run(redis, storage))
        conductor = Conductor(book, acts, f"{pulse.worker}-{secrets.token_hex(4)}", Rules())
        await conduct(conductor, stopped)
        await conductor.close()
        sweeping.cancel()
    await dispatch.close()
    pulse.stop()
    await redis.aclose()
    for pool in (threads, asking):
        pool.shutdown(wait=False, cancel_futures=True)
    celery.close()
    log.info("conductor ended", extra={"seconds": round(time.monotonic() - last)})


def main() -> int:
    try:
        settings = env.read(Conducting, os.environ)
        connect.refuse_cluster(settings.redis_url)
    except env.SettingError as error:
        sys.exit(f"{SERVICE}: {error}")
    logs.setup(SERVICE, settings.log_level)
    try:
        asyncio.run(run(settings))
    except env.SettingError as error:
        sys.exit(f"{SERVICE}: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
