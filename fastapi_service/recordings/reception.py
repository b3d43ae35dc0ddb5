"""Where recordings come in: stored while they are hashed, then accepted as a job, then sent to be decoded."""

import asyncio
import contextlib
import hashlib
import logging
import secrets
import time
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from fastapi import Request
from redis.exceptions import ConnectionError as Unconnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Unanswered
from starlette.requests import ClientDisconnect

from contracts import codec, keys
from contracts.names import JOB_PREFIX
from fastapi_service.dispatch import Dispatch
from fastapi_service.recordings import steps, upload
from fastapi_service.recordings.book import Book, Submission
from fastapi_service.recordings.job import Job, Options, State, Unreadable
from fastapi_service.recordings.names import upload_name
from fastapi_service.recordings.receiving import receiving
from fastapi_service.recordings.storage import Storage
from fastapi_service.recordings.storage_errors import StorageError, StorageFull
from fastapi_service.recordings.upload import Received
from fastapi_service.routes.problem import Problem

log = logging.getLogger(__name__)

FULL_RETRY_SECONDS = 30
SHARE = (
    "you have {share} recordings here already, which is one caller's share, finished ones included; erase some "
    "that are done with, or try again when they have expired"
)
SHARE_OF_ALL = (
    "callers without a secret have {share} recordings here already, which is their share together; send "
    "`Authorization: Bearer <a secret of yours>` for a share of your own, or try again later"
)
MOST_AT_ONCE = 32
"""Uploads on their way through this process. Each has up to 9 MiB in memory: a block, and a part of a bucket's."""


@dataclass(frozen=True)
class Rules:
    """`share`: jobs of one owner. `wait_seconds`: see `upload.receive`."""

    most_bytes: int
    most_jobs: int
    share: int
    retry_seconds: float
    wait_seconds: float


@dataclass(frozen=True)
class Stored:
    """A recording in the storage, under the id that its job will have."""

    id: str
    received: Received
    sha256: str


@dataclass(frozen=True)
class Asked:
    """What its sender wants of it. `idempotency` is the Idempotency-Key, `token` the caller's label."""

    options: Options
    owner: str | None = None
    idempotency: str | None = None
    token: str | None = None
    awaited: bool = False


@dataclass(frozen=True)
class Taken:
    """`outcome` is one of steps.NEW, AGAIN, SAME; of the last two the job was there before."""

    state: State
    outcome: str


class Reception:
    def __init__(self, book: Book, storage: Storage, dispatch: Dispatch, threads: Executor, rules: Rules) -> None:
        self._book = book
        self._storage = storage
        self._dispatch = dispatch
        self._threads = threads
        self._rules = rules
        self._receiving = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def most_bytes(self) -> int:
        return self._rules.most_bytes

    async def store(self, request: Request) -> Stored:
        """Read the recording from the request. Raises Problem, RedisError; then, and when the client goes away,
        nothing is left of it."""
        if self._receiving >= MOST_AT_ONCE:
            message = f"{MOST_AT_ONCE} recordings are being received at this moment; try again in a moment"
            raise Problem(429, "busy", message, None, {"Retry-After": "5"})
        self._receiving += 1
        self._idle.clear()
        try:
            await self._book.reach()  # rather now than after an upload of an hour
            return await self._store(request)
        finally:
            self._receiving -= 1
            if not self._receiving:
                self._idle.set()

    async def close(self, seconds: float = 3.0) -> None:
        """Uploads that were cut off at the end of this process clear up what they have written."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    async def _store(self, request: Request) -> Stored:
        job_id = JOB_PREFIX + secrets.token_urlsafe(12)
        digest = hashlib.sha256()
        loop = asyncio.get_running_loop()
        try:
            async with receiving(self._storage, upload_name(job_id), self._threads) as receive:

                async def sink(block: bytes) -> None:
                    await receive(block)
                    await loop.run_in_executor(self._threads, digest.update, block)

                received = await upload.receive(request, sink, self._rules.most_bytes, self._rules.wait_seconds)
        except StorageError as error:
            raise _storage_problem(error) from error
        except ClientDisconnect:
            log.info("upload broken off by its client")
            raise Problem(400, "broken_off", "the upload was broken off") from None
        return Stored(job_id, received, digest.hexdigest())

    async def accept(self, stored: Stored, asked: Asked) -> Taken:
        """Make a job of it, or find the one that there is for it already. Raises Problem, RedisError; then the
        recording is erased, unless it may have become a job all the same."""
        job = self._job(stored, asked)
        try:
            submission, state = await self._become(job, asked)
        except Exception as error:
            if not isinstance(error, Unconnected | Unanswered):
                await self.discard(stored)
            raise
        if submission.outcome == steps.NEW:
            self._dispatch.prepare_soon(job.id, job.retry_seconds, job.trace)
        else:
            await self.discard(stored)
        if state is None:  # it expired at this very moment
            raise Problem(503, "try_again", "send it again", None, {"Retry-After": "1"})
        log.info("recording accepted", extra={"job": state.job.id, "outcome": submission.outcome, "bytes": job.bytes})
        return Taken(state, submission.outcome)

    async def discard(self, stored: Stored) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._storage.erase, stored.id)
        except StorageError as error:
            log.warning("a recording that is not needed stays for now", extra={"job": stored.id, "error": error})

    def _job(self, stored: Stored, asked: Asked) -> Job:
        return Job(
            id=stored.id,
            name=stored.received.name,
            bytes=stored.received.bytes,
            sha256=stored.sha256,
            created=round(time.time(), 3),
            options=asked.options,
            media_type=stored.received.media_type,
            owner=asked.owner,
            token=asked.token,
            awaited=asked.awaited,
            retry_seconds=self._rules.retry_seconds,
            trace=secrets.token_hex(8),
        )

    async def _become(self, job: Job, asked: Asked) -> tuple[Submission, State | None]:
        """The new job, or the one that is there already; one that cannot be read any more is in nobody's way."""
        idempotency = _digest(asked.owner or "", asked.idempotency) if asked.idempotency else ""
        submission = await self._submit(job, idempotency)
        if submission.outcome == steps.NEW:
            return submission, State(job)
        try:
            return submission, await self._book.state(submission.id)
        except Unreadable:
            found_by = [keys.idempotency(idempotency)] if idempotency else []
            await self._book.run(steps.alone(submission.id, keys.same_recording(_same(job)), *found_by))
        submission = await self._submit(job, idempotency)
        return submission, State(job) if submission.outcome == steps.NEW else None

    async def _submit(self, job: Job, idempotency: str) -> Submission:
        try:
            submission = await self._book.submit(job, _same(job), idempotency, self._rules.most_jobs, self._rules.share)
        except (Unconnected, Unanswered) as error:
            submission = await self._found(job, error)
        if submission.outcome == steps.CONFLICT:
            message = "this Idempotency-Key came before with another recording or other options; use a new key"
            raise Problem(422, "idempotency_conflict", message, "Idempotency-Key")
        if submission.outcome == steps.SHARE:
            message = (SHARE if job.owner else SHARE_OF_ALL).format(share=self._rules.share)
            raise Problem(429, "share_full", message, None, {"Retry-After": str(FULL_RETRY_SECONDS)})
        if submission.outcome == steps.FULL:
            message = f"the server keeps {self._rules.most_jobs} recordings already; try again later"
            raise Problem(429, "full", message, None, {"Retry-After": str(FULL_RETRY_SECONDS)})
        return submission

    async def _found(self, job: Job, error: Exception) -> Submission:
        """The step's answer was lost: it may have been done, now or a little later. Raises `error` if it is not known;
        the file then stays, for the job there may be, else until it is found to be an orphan."""
        with contextlib.suppress(RedisError):
            if await self._book.state(job.id):
                return Submission(steps.NEW, job.id)
        log.warning("whether a recording was accepted is not known: its file stays", extra={"job": job.id})
        raise error


def _same(job: Job) -> str:
    """What makes two recordings one job: owner, content, the options that change the result or its way, and
    whether it ends when nobody waits for it."""
    options = replace(job.options, priority="normal", reference=None)
    return _digest(job.owner or "", job.sha256, codec.dumps(options), job.token or "", str(job.awaited))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def _storage_problem(error: StorageError) -> Problem:
    log.error("recording not stored", extra={"error": error})
    if isinstance(error, StorageFull):
        message = "the server has no room for this recording; try again later"
        return Problem(507, "storage_full", message, None, {"Retry-After": "60"})
    message = "the server cannot reach its storage of recordings; try again in a moment"
    return Problem(503, "storage_unavailable", message, None, {"Retry-After": "5"})
