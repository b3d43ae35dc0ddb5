"""What happens to one PrepareTask: decode the upload to the samples that all later steps read, and find the
chunks in them.

May run twice: the same file gives the same samples and chunks. What is wrong with the recording ends its
job; what is wrong with the storage, or unforeseen, is tried again. Only trouble with Redis is raised,
for the task to be delivered again.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from redis.exceptions import RedisError

from contracts import codec, ledger
from contracts.audio import Samples, to_s16le
from contracts.commit import ScriptRunner, bury, commit
from contracts.connect import out_of_memory
from contracts.job_messages import RUNNING, PrepareTask, Progress
from contracts.lease import Lease
from contracts.messages import Error
from contracts.names import GAVE_UP, PREPARE_STAGE
from fastapi_service.live.conversation import VoiceDetector
from fastapi_service.recordings import advance, steps
from fastapi_service.recordings.cut import cut
from fastapi_service.recordings.decode import Decoding, decode
from fastapi_service.recordings.job import Chunk
from fastapi_service.recordings.names import pcm_name, upload_name
from fastapi_service.recordings.refusal import BadRecording
from fastapi_service.recordings.rules import DecodeRules
from fastapi_service.recordings.storage import Storage, Writing
from fastapi_service.recordings.storage_errors import NotThere, StorageError

log = logging.getLogger(__name__)

CHUNKS_AT_A_TIME = 500
"""In one step in Redis, and of one look whether the job is still wanted."""
LOOK_SECONDS = 60.0
"""Of audio, between two looks whether the job is still wanted."""


class Cancelled(Exception):
    """Nobody wants the job any more."""


class Redis(ScriptRunner, Protocol):
    def hget(self, name: str, key: str) -> Any: ...


@dataclass(frozen=True)
class Desk:
    """What the flow works with; `detector` makes one recording's voice detector."""

    redis: Redis
    storage: Storage
    lease: Lease
    detector: Callable[[], VoiceDetector]
    rules: DecodeRules


def handle(desk: Desk, message: object) -> None:
    """The task's body. Raises only what the Redis client raises."""
    try:
        task = codec.decode(message if isinstance(message, dict) else {}, PrepareTask)
    except codec.DecodeError as error:
        log.error("malformed task dropped", extra={"reason": error})
        return
    about = {"job": task.session, "trace": task.trace}
    outcome = desk.lease.begin(task.session, task.utterance)
    if outcome == ledger.WORN:
        bury(desk.redis, _error(task, GAVE_UP, f"decoding was tried {ledger.MOST_STARTS} times and never finished"))
        log.error("preparation given up", extra=about)
    if outcome != ledger.GO:
        return
    started = time.monotonic()
    try:
        seconds, chunks = _prepare(desk, task)
    except Cancelled:
        log.info("preparation stopped: the job is not wanted any more", extra=about)
        with contextlib.suppress(StorageError):  # what was written after the conductor had erased it
            desk.storage.erase(task.session)
    except BadRecording as refusal:
        log.info("recording refused", extra=about | {"code": refusal.code})
        commit(desk.redis, _error(task, refusal.code, str(refusal)))
    except NotThere:
        commit(desk.redis, _error(task, advance.AUDIO_LOST, "the recording is not in the storage; upload it again"))
    except StorageError as error:
        log.error("preparation waits for the storage", extra=about | {"error": error})
        _again(desk, task, "the server's storage of recordings did not work")
    except RedisError as error:
        if not out_of_memory(error):
            raise
        log.error("preparation waits for memory in Redis", extra=about | {"error": error})
        _again(desk, task, "the server's memory (Redis) was full")
    except Exception as error:  # the decoder's own bugs and its library's: the worker must outlive them
        log.exception("preparation failed", extra=about)
        _again(desk, task, f"the decoder failed ({type(error).__name__})")
    else:
        spent = round(time.monotonic() - started, 2)
        log.info("recording prepared", extra=about | {"seconds": seconds, "chunks": chunks, "spent": spent})


def _prepare(desk: Desk, task: PrepareTask) -> tuple[float, int]:
    job_id = task.session
    with desk.storage.open(upload_name(job_id)) as file, desk.storage.writing(pcm_name(job_id)) as pcm:
        decoding = decode(file, desk.rules)
        blocks = _told(desk, task, decoding, pcm)
        found = {number: chunk for number, chunk in enumerate(cut(blocks, desk.detector()), 1)}
    seconds = round(decoding.position, 3)
    numbers = sorted(found)
    for first in range(0, len(numbers), CHUNKS_AT_A_TIME):
        _add(desk, job_id, seconds, {number: found[number] for number in numbers[first : first + CHUNKS_AT_A_TIME]})
    note = " ".join(note.message for note in decoding.notes)
    desk.redis.eval(*steps.prepared(job_id, seconds, len(found), note).call)
    return seconds, len(found)


def _told(desk: Desk, task: PrepareTask, decoding: Decoding, pcm: Writing) -> Iterator[Samples]:
    """The blocks, each written to the storage on its way; progress is told and asked back for."""
    whole, percent, looked = decoding.sound.seconds, 0, 0.0
    for block in decoding:
        pcm.write(to_s16le(block))
        yield block
        at = decoding.position
        share = min(1.0, at / whole) if whole else 0.0
        if int(advance.PREPARED_PERCENT * share) > percent or at - looked > LOOK_SECONDS:
            percent, looked = max(percent, int(advance.PREPARED_PERCENT * share)), at
            _add(desk, task.session, at, {})
            message = f"decoding, {_clock(at)}" + (f" of {_clock(whole)}" if whole else " so far")
            progress = Progress(task.session, RUNNING, PREPARE_STAGE, percent, message, at=time.time())
            desk.redis.eval(*steps.note(progress).call)
    _add(desk, task.session, decoding.position, {})  # of a job cancelled meanwhile no sound may be stored


def _add(desk: Desk, job_id: str, seconds: float, found: dict[int, Chunk]) -> None:
    if not desk.redis.eval(*steps.chunks(job_id, seconds, found).call):
        raise Cancelled


def _again(desk: Desk, task: PrepareTask, message: str) -> None:
    if desk.lease.put_off(task.session, task.utterance, task.retry_seconds) == ledger.WORN:
        bury(desk.redis, _error(task, "preparation_failed", f"{message}, {ledger.MOST_STARTS} times"))


def _error(task: PrepareTask, code: str, message: str) -> Error:
    return Error(
        session=task.session,
        code=code,
        message=message,
        stage=PREPARE_STAGE,
        utterance=task.utterance,
        trace=task.trace,
        at=time.time(),
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
