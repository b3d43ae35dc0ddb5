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
from redis.exceptions import RedisError

from contracts import connect, env, logs
from contracts.broker import celery_settings
from contracts.heartbeat import Pulse
from fastapi_service.dispatch import Dispatch
from fastapi_service.recordings import advance, orphans, steps
from fastapi_service.recordings.acts import Acts
from fastapi_service.recordings.advance import Act, Rules
from fastapi_service.recordings.book import Book
from fastapi_service.recordings.settings import Conducting
from fastapi_service.recordings.storage import open_storage
from fastapi_service.recordings.storage_errors import StorageError
from fastapi_service.recordings.webhooks import delivery, offer
from fastapi_service.recordings.webhooks.delivery import Delivery
from fastapi_service.recordings.webhooks.sender import Sender

log = logging.getLogger(__name__)

SERVICE = "conductor"
BUSY_SECONDS, IDLE_SECONDS, AWAY_SECONDS = 0.1, 0.5, 1.0
"""Between two looks: while jobs are under way, while none is, after one that failed."""
UNREACHABLE = (RedisError, OperationalError, OSError)


class Conductor:
    """`own` names this process; calling it is one look at all jobs that are due, and says whether there
    were any. Raises one of UNREACHABLE."""

    def __init__(self, book: Book, acts: Acts, own: str, rules: Rules) -> None:
        self._book = book
        self._acts = acts
        self._own = own
        self._rules = rules
        self._open: dict[str, int] = {}
        self._acting: bool | None = None

    async def __call__(self) -> bool:
        claimed = await self._book.run(steps.claim(self._own))
        self._tell(claimed is not None)
        if claimed is None:
            self._open.clear()
            return False
        now, due = claimed
        for job_id in due:
            try:
                await self._look(job_id.decode(), now / 1000)
            except StorageError as error:
                log.error("job waits for its storage", extra={"job": job_id.decode(), "error": error})
        return bool(due)

    async def _look(self, job_id: str, now: float) -> None:
        state = await self._book.state(job_id)
        if state is None:
            log.error("a job that is not there was removed from the list", extra={"job": job_id})
            await self._book.drop(job_id)
            return
        standing = await self._book.standing(job_id)
        act = advance.act(state, standing, now, self._rules)
        numbers = advance.feed(state, standing, self._rules) if act is Act.FEED else range(0)
        if numbers and await self._book.memory_share() > self._rules.full_share:
            log.warning("recording waits: Redis is nearly full", extra={"job": job_id})
            numbers = range(0)
        room = self._rules.most_open - sum(self._open.values())
        numbers = numbers[: max(0, room)]
        self._open[job_id] = len(standing.open) + len(numbers)
        if state.over or not self._open[job_id]:
            del self._open[job_id]
        elif state.cut:
            await self._acts.tell(state, standing, await self._book.chunks(job_id))
        await self._acts.do(act, state, standing, numbers)

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
        await conduct(Conductor(book, acts, f"{pulse.worker}-{secrets.token_hex(4)}", Rules()), stopped)
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
