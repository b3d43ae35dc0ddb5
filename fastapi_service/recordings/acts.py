"""What the conductor does with a job: each act may be done twice without harm, as two conductors may at a
change-over."""

import asyncio
import logging
import time

from contracts import audio, codec, keys, ledger
from contracts.audio import SAMPLE_RATE
from contracts.job_messages import CANCELLED, COMPLETED, ENDS, FAILED, RUNNING, Ended, Progress
from contracts.messages import Error, Result, TranscribeTask, Transcript
from fastapi_service.dispatch import Dispatch
from fastapi_service.live.language import certain_language
from fastapi_service.live.rules import DEFAULT
from fastapi_service.recordings import advance, result, steps
from fastapi_service.recordings.advance import Act
from fastapi_service.recordings.book import Book, Standing
from fastapi_service.recordings.job import Chunk, Problem, State, Unreadable
from fastapi_service.recordings.names import pcm_name, result_name, upload_name
from fastapi_service.recordings.storage import Storage
from fastapi_service.recordings.storage_errors import NotThere

log = logging.getLogger(__name__)

SAMPLE_BYTES = 2
NOBODY_WAITS = "nobody waited for it any more"
AUDIO_LOST = "the recording is not in the storage any more; upload it again"
LOST = "the server has lost a part of what was known of it; upload it again"
INTERNAL = "the server failed with it in a way nobody foresaw; its log says how"
UNREADABLE = "the server could not read what it knew of it; send it again"
WAITS = "the server's storage of recordings does not answer; this goes on when it does"
MOST_REMEMBERED = 100_000
"""Chunks in memory, some 20 MB. Reading those of a long recording anew at each look would cost more than all
else that is done then."""


class Acts:
    """`keep_seconds`: how long a job is kept after its end. Methods raise RedisError and StorageError."""

    def __init__(self, book: Book, storage: Storage, dispatch: Dispatch, keep_seconds: int) -> None:
        self._book = book
        self._storage = storage
        self._dispatch = dispatch
        self._keep_seconds = keep_seconds
        self._cuts: dict[str, dict[int, Chunk]] = {}
        self._listened: dict[str, int] = {}

    async def do(self, act: Act, state: State, standing: Standing, numbers: range) -> None:
        """`numbers` are the chunks to give to the workers, if any."""
        job_id = state.job.id
        if act is Act.FEED:
            await self._feed(state, standing, numbers)
        elif act is Act.MERGE:
            await self._merge(state)
        elif act is Act.FAIL:
            await self._fail(state)
        elif act is Act.LOSE:
            await self.end(job_id, FAILED, Problem(advance.LOST, LOST))
        elif act is Act.CANCEL:
            await self.end(job_id, CANCELLED, Problem("nobody_waits", NOBODY_WAITS))
        elif act is Act.REOPEN:
            await self._book.run(steps.reopen(job_id))
        elif act is Act.CLEAN:
            await self._clean(job_id, state.status, state.expires)
        elif act is Act.FORGET:
            await self._forget(job_id, state.job.owner)
            log.info("job expired", extra={"job": job_id, "trace": state.job.trace})
        elif state.over and state.expires:
            await self._book.run(steps.rest(job_id, round(state.expires * 1000), state.cleaned))

    async def dispose(self, job_id: str, found: Unreadable, now: float) -> None:
        """What can be done with a job that cannot be read: one that is over is cleaned and expires like any other.
        Raises `found` for one that is not."""
        if found.status is None or (found.status in ENDS and (found.expires is None or now >= found.expires)):
            await self._forget(job_id, found.owner)
            log.info("a job that cannot be read expired", extra={"job": job_id})
        elif found.status not in ENDS:
            raise found
        elif found.status == FAILED or found.cleaned:
            await self._book.run(steps.rest(job_id, round((found.expires or now) * 1000), found.cleaned))
        else:
            await self._clean(job_id, found.status, found.expires)

    async def tell(self, state: State, standing: Standing) -> None:
        """Make progress known, if there is any."""
        percent = advance.percent(standing, await self._chunks(state))
        if percent > state.progress or (percent == state.progress and state.stage != "transcribe"):
            words = advance.told(standing)
            await self._note(Progress(state.job.id, RUNNING, "transcribe", percent, words, at=time.time()))

    async def tell_waiting(self, state: State) -> None:
        """That it waits for the storage."""
        if not state.over and state.message != WAITS:
            await self._note(Progress(state.job.id, state.status, state.stage, state.progress, WAITS, at=time.time()))

    async def end(self, job_id: str, status: str, problem: Problem | None = None, message: str = "") -> str | None:
        """Gives how it has ended then; None if there is no such job."""
        code, words = (problem.code, problem.message) if problem else (None, message)
        ended = Ended(job_id, status, code, words, at=time.time())
        answer: bytes | None = await self._book.run(steps.end(ended, self._keep_seconds))
        known = answer.decode() if answer else None
        log.info("job ended", extra={"job": job_id, "status": known, "code": code})
        self._cuts.pop(job_id, None)
        self._listened.pop(job_id, None)
        return known

    async def _chunks(self, state: State) -> dict[int, Chunk]:
        """All of a job's, which do not change any more once it is cut."""
        job_id = state.job.id
        found = self._cuts.get(job_id)
        if found is None:
            found = await self._book.chunks(job_id)
            self._cuts[job_id] = found
            while sum(map(len, self._cuts.values())) > MOST_REMEMBERED and len(self._cuts) > 1:
                del self._cuts[next(iter(self._cuts))]
        return found

    async def _note(self, progress: Progress) -> None:
        await self._book.run(steps.note(progress))

    async def _feed(self, state: State, standing: Standing, numbers: range) -> None:
        job, chunks = state.job, await self._chunks(state)
        language = job.options.language or standing.language or await self._settle_language(job.id, standing)
        for number in numbers:
            chunk = chunks[number]
            first, length = chunk.start * SAMPLE_BYTES, (chunk.end - chunk.start) * SAMPLE_BYTES
            try:
                pcm = await asyncio.to_thread(self._storage.read_range, pcm_name(job.id), first, length)
            except NotThere:
                await self.end(job.id, FAILED, Problem(advance.AUDIO_LOST, AUDIO_LOST))
                return
            task = TranscribeTask(
                session=job.id,
                utterance=number,
                audio_key=keys.audio(job.id, number),
                audio_bytes=len(pcm),
                audio_sha256=audio.digest(pcm),
                start=chunk.start / SAMPLE_RATE,
                end=chunk.end / SAMPLE_RATE,
                speech_seconds=chunk.voiced / SAMPLE_RATE,
                language=language,
                task=job.options.task,
                words=job.options.words,
                retry_seconds=job.retry_seconds,
                trace=job.trace,
                accepted_at=time.time(),
            )
            outcome = await self._book.run(ledger.accept(task, pcm, steps.OWNER, chunk.end))
            if outcome == ledger.ACCEPTED:
                self._dispatch.send_soon(task)
            elif outcome != ledger.KNOWN:  # cancelled or erased meanwhile
                return

    async def _settle_language(self, job_id: str, standing: Standing) -> str | None:
        """The language that the words so far settle, for all chunks to come."""
        if not standing.fed:
            return None
        if len(self._listened) > MOST_REMEMBERED:
            self._listened.clear()
        async for event in self._book.events(job_id, self._listened.get(job_id, 0)):
            language = None
            if isinstance(event, Transcript):
                alone = event.language if event.language_probability is None else None
                language = alone or certain_language(event, DEFAULT)
            if not language:
                self._listened[job_id] = event.seq or 0  # never read again
            else:
                await self._book.run(ledger.settle(job_id, steps.OWNER, 0, language))
                return language
        return None

    async def _merge(self, state: State) -> None:
        job = state.job
        if state.stage != "merge":
            await self._note(Progress(job.id, RUNNING, "merge", 99, "putting the parts together", at=time.time()))
        events = [e async for e in self._book.events(job.id) if isinstance(e, Transcript | Result | Error)]
        chunks = await self._chunks(state)
        if chunks.keys() - {event.utterance for event in events if isinstance(event, Result)}:
            await self.end(job.id, FAILED, Problem(advance.LOST, LOST))
            return
        facts = result.Facts(
            duration=state.seconds or 0.0,
            name=job.name,
            language=job.options.language,
            task=job.options.task,
            speech_seconds=sum(chunk.voiced for chunk in chunks.values()) / SAMPLE_RATE,
        )
        made = await asyncio.to_thread(lambda: codec.dumps(result.build(events, facts)).encode())
        await asyncio.to_thread(self._storage.put, result_name(job.id), made)
        if await self.end(job.id, COMPLETED, message=state.note) in (CANCELLED, None):
            await asyncio.to_thread(self._storage.erase, job.id)

    async def _fail(self, state: State) -> None:
        """The job's problem is its newest error. Its audio stays, for a replay of the dead letter."""
        errors = [event async for event in self._book.events(state.job.id) if isinstance(event, Error)]
        newest = errors[-1] if errors else None
        problem = Problem(newest.code, newest.message) if newest else Problem("failed", "a part of it failed")
        if newest and newest.start is not None and newest.end is not None:
            place = f"from {newest.start:.1f} to {newest.end:.1f} s: "
            problem = Problem(problem.code, place + problem.message)
        await self.end(state.job.id, FAILED, problem)

    async def _forget(self, job_id: str, owner: str | None) -> None:
        await asyncio.to_thread(self._storage.erase, job_id)
        await self._book.run(steps.forget(job_id, owner))

    async def _clean(self, job_id: str, status: str, expires: float | None) -> None:
        """The audio goes at the end, the result stays until the job expires."""
        if status == CANCELLED:
            await asyncio.to_thread(self._storage.erase, job_id)
        else:
            for name in (upload_name(job_id), pcm_name(job_id)):
                await asyncio.to_thread(self._storage.remove, name)
        until = expires or time.time() + self._keep_seconds
        await self._book.run(steps.rest(job_id, round(until * 1000), True))
