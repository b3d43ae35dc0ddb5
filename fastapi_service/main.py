"""The composition root: builds the gateway from its settings and says what is open while it runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from celery import Celery
from fastapi import FastAPI

from contracts.broker import celery_settings
from contracts.connect import connect_async
from fastapi_service import __version__
from fastapi_service.admission import RESUMED_SHARE
from fastapi_service.dispatch import Dispatch
from fastapi_service.gateway import DEFAULT, Ears, Gateway, Patience
from fastapi_service.history import History
from fastapi_service.live.conversation import VoiceDetector
from fastapi_service.load import Load
from fastapi_service.probe import Probe
from fastapi_service.recordings import reception
from fastapi_service.recordings.book import Book
from fastapi_service.recordings.desk import Desk
from fastapi_service.recordings.followers import Followers
from fastapi_service.recordings.reception import Reception
from fastapi_service.recordings.storage import open_storage
from fastapi_service.recordings.webhooks import offer
from fastapi_service.results import Results
from fastapi_service.routes import (
    health,
    job_events,
    job_result,
    jobs,
    openai_audio,
    openai_models,
    page,
    problem,
    session_result,
    socket,
    tokens,
    webhooks,
)
from fastapi_service.security import SecurityHeaders
from fastapi_service.sessions import Sessions
from fastapi_service.settings import Settings
from fastapi_service.voice import SileroDetector, load_silero
from fastapi_service.workers import Workers

log = logging.getLogger(__name__)

WEB = Path(__file__).resolve().parent.parent / "web"
HEARING_THREADS = 2
SENDING_THREADS = 4
STORING_THREADS, GIVING_THREADS = 8, 4
"""Uploads that wait for a slow storage keep nobody from a result."""
SESSION_COMMANDS, OTHER_COMMANDS = 3, 20
"""Commands that Redis may have to answer at a time. Of one connection: what it adds, what it reads of the
stream, a partial's audio."""


def create_app(
    settings: Settings,
    detector: Callable[[], VoiceDetector] | None = None,
    web: Path = WEB,
    patience: Patience = DEFAULT,
) -> FastAPI:
    """The gateway as an ASGI application. `detector` makes one session's voice detector (Silero
    without it). Nothing is connected before its lifespan starts."""
    most = SESSION_COMMANDS * RESUMED_SHARE * settings.max_sessions + OTHER_COMMANDS
    store, listening = connect_async(settings.redis_url, most), connect_async(settings.redis_url)
    celery = Celery("fastapi_service", set_as_current=False)
    celery.conf.update(celery_settings(settings.redis_url, settings.broker_url), broker_pool_limit=SENDING_THREADS)
    hearing = ThreadPoolExecutor(HEARING_THREADS, thread_name_prefix="hear")
    sending = ThreadPoolExecutor(SENDING_THREADS, thread_name_prefix="send")
    workers = Workers(store)
    dispatch = Dispatch(store, celery, sending)
    results = Results(listening, store)
    probe = Probe(dispatch, results, workers, "SQS" if settings.broker_url else "Redis")
    ears = Ears(detector or _silero(), hearing)
    load = Load(store, workers, settings.max_wait_seconds, bool(settings.broker_url))
    storing = ThreadPoolExecutor(STORING_THREADS, thread_name_prefix="store")
    giving = ThreadPoolExecutor(GIVING_THREADS, thread_name_prefix="give")
    book, storage = Book(store), open_storage(settings.storage_url)
    retry, wait = settings.job_retry_seconds, patience.upload_seconds
    kept = settings.max_jobs, settings.max_jobs_per_owner
    limits = reception.Rules(settings.max_upload_bytes, *kept, retry, wait)
    receiving = Reception(book, storage, dispatch, storing, limits)
    keep, followers = settings.result_ttl_seconds, Followers(settings.max_followers)
    desk = Desk(book, storage, receiving, workers, giving, keep, offer.read(settings), followers)
    gateway = Gateway(settings, dispatch, results, workers, ears, patience, probe, Sessions(store), load)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        reading = asyncio.create_task(results.run())
        watching = asyncio.create_task(load.watch(lambda: bool(gateway.connections)))
        probe.start()
        log.info("gateway open", extra={"version": __version__})
        yield
        await probe.stop()
        await receiving.close()
        await dispatch.close()
        reading.cancel()
        watching.cancel()
        await asyncio.wait({reading, watching})
        await load.stop()
        await results.stop()
        await listening.aclose()
        await store.aclose()
        hearing.shutdown(wait=False, cancel_futures=True)
        sending.shutdown(wait=False, cancel_futures=True)
        storing.shutdown(wait=False, cancel_futures=True)
        giving.shutdown(wait=False, cancel_futures=True)
        celery.close()

    app = FastAPI(title="Live sentiment", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(SecurityHeaders)
    problem.install(app)
    app.include_router(socket.router(gateway))
    app.include_router(health.router(store, gateway))
    app.include_router(session_result.router(History(store)))
    for module in (jobs, job_events, job_result, tokens, openai_audio):
        app.include_router(module.router(desk))
    app.include_router(openai_models.router(workers))
    app.include_router(page.router(web))
    webhooks.describe(app)
    return app


def _silero() -> Callable[[], VoiceDetector]:
    model = load_silero()
    return lambda: SileroDetector(model)
