"""The second net under the recordings: files whose job Redis does not know, and what killed writers left."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts import keys
from fastapi_service.recordings.storage import Storage
from fastapi_service.recordings.storage_errors import StorageError

log = logging.getLogger(__name__)

PERIOD_SECONDS = 3600.0
OLD_SECONDS = 6 * 3600.0
"""Longer than any upload takes: a job is in Redis once its file is whole."""
ASKED_AT_A_TIME = 500


async def sweep(redis: Redis, storage: Storage, now: float) -> int:
    """Erase what is an orphan; how many jobs' files that were. Listed first and asked for then: what Redis
    does not know now it will never know. Raises RedisError, StorageError."""
    before = now - OLD_SECONDS
    left = await asyncio.to_thread(storage.clean, before)
    if left:
        log.warning("what killed writers left was removed", extra={"files": left})
    found = await asyncio.to_thread(storage.jobs)
    old = [job for job, newest in found.items() if newest < before]
    orphans: list[str] = []
    for at in range(0, len(old), ASKED_AT_A_TIME):
        orphans += await _unknown(redis, old[at : at + ASKED_AT_A_TIME])
    if orphans and len(orphans) == len(found):
        facts = {"jobs": len(orphans), "older_than_hours": OLD_SECONDS / 3600}
        log.warning("Redis knows none of the recordings in the storage, as if it had been emptied", extra=facts)
    for job in orphans:
        await asyncio.to_thread(storage.erase, job)
    if orphans:
        log.warning("recordings that Redis does not know were erased", extra={"jobs": len(orphans)})
    return len(orphans)


async def run(redis: Redis, storage: Storage) -> None:
    """Now, and every hour until it is cancelled."""
    while True:
        try:
            await sweep(redis, storage, time.time())
        except (RedisError, StorageError) as error:
            log.error("orphaned recordings were not looked for, in an hour again", extra={"error": error})
        await asyncio.sleep(PERIOD_SECONDS)


async def _unknown(redis: Redis, jobs: Sequence[str]) -> list[str]:
    async with redis.pipeline(transaction=False) as pipe:
        for job in jobs:
            pipe.exists(keys.job(job))
        known: Any = await pipe.execute()
    return [job for job, there in zip(jobs, known, strict=True) if not there]
