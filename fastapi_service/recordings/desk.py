"""What the routes of recordings share; built in `main.create_app`."""

import asyncio
import logging
from concurrent.futures import Executor
from dataclasses import dataclass, field

from fastapi_service.recordings import steps
from fastapi_service.recordings.book import Book
from fastapi_service.recordings.followers import Followers
from fastapi_service.recordings.job import State, Unreadable
from fastapi_service.recordings.reception import Reception
from fastapi_service.recordings.storage import Storage
from fastapi_service.recordings.storage_errors import StorageError
from fastapi_service.recordings.webhooks.offer import Offer
from fastapi_service.recordings.webhooks.target import Refused
from fastapi_service.routes.problem import Problem
from fastapi_service.workers import STT, Workers

log = logging.getLogger(__name__)

RESULTS_AT_A_TIME = 2
"""Decoded or written out by this process; more wait. Of four hours each takes some 5 s of a core."""


@dataclass(frozen=True)
class Desk:
    book: Book
    storage: Storage
    reception: Reception
    workers: Workers
    threads: Executor
    keep_seconds: int
    webhooks: Offer
    followers: Followers
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RESULTS_AT_A_TIME))

    async def state(self, job_id: str, owner: str | None) -> State:
        """The job, if the caller may see it. Raises Problem (not found: another's is as if it were not there)."""
        found = await self.find(job_id, owner)
        if isinstance(found, Unreadable):
            message = (
                "what is known of this recording cannot be read by this version of the server: it is damaged, or "
                "another version has written it; DELETE erases it, then send it again"
            )
            raise Problem(409, "unreadable", message, "id")
        return found

    async def find(self, job_id: str, owner: str | None) -> State | Unreadable:
        """The same, also of a job that cannot be read."""
        found: State | Unreadable | None
        try:
            found = await self.book.state(job_id)
        except Unreadable as unreadable:
            found = unreadable
        if found is None or not await self._is_callers(job_id, found, owner):
            message = "there is no such recording: its id is wrong, it has expired, or it is another caller's"
            raise Problem(404, "not_found", message, "id")
        return found

    async def _is_callers(self, job_id: str, found: State | Unreadable, owner: str | None) -> bool:
        if isinstance(found, State):
            return found.job.owner in (None, owner)
        if found.owner is None:
            return owner is not None and await self.book.lists(owner, job_id)
        return found.owner in ("", owner)

    async def erase(self, job_id: str, owner: str | None) -> None:
        """All of it. Raises RedisError."""
        await self.book.run(steps.forget(job_id, owner))
        try:
            await asyncio.get_running_loop().run_in_executor(self.threads, self.storage.erase, job_id)
        except StorageError as error:
            log.warning("an erased recording's files stay for now", extra={"job": job_id, "error": error})

    def check_webhook(self, url: str | None) -> None:
        """Raises Problem for one that will not be called."""
        if url is None:
            return
        try:
            self.webhooks.target(url)
        except Refused as refused:
            raise Problem(422, "webhook_refused", str(refused), "webhook") from None

    async def check_model(self, model: str | None) -> None:
        """Raises Problem for a model that no speech worker runs at this moment."""
        if model is None:
            return
        crew = await self.workers.look()
        offered = sorted({beat.model for beat in crew.of(STT) if beat.state == "ready"})
        if model not in offered:
            known = f"use {' or '.join(offered)}, or leave it out" if offered else "no speech worker is ready"
            raise Problem(422, "model_not_found", f"model {model!r} is not offered here: {known}", "model")
