"""/tokens: recordings in the shape that dubbing clients use, where a take of a line is uploaded under its token and
its words and sentiment are asked for. The same jobs as /v1/jobs.
"""

from collections.abc import AsyncIterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from contracts import codec
from contracts.job_messages import COMPLETED, Ended, Progress
from fastapi_service.identity import Owner, same_site
from fastapi_service.recordings import asking, steps
from fastapi_service.recordings.desk import Desk
from fastapi_service.recordings.follow import follow
from fastapi_service.recordings.job import State, Unreadable
from fastapi_service.recordings.reception import Asked
from fastapi_service.recordings.result import SpeechResult
from fastapi_service.routes.job_events import FOLLOWED, RECONNECT_MS, position
from fastapi_service.routes.job_result import fetch
from fastapi_service.routes.jobs import BODY, REFUSALS, UNREADABLE
from fastapi_service.routes.problem import Problem, inline_responses, responses


class Queued(BaseModel):
    message: str
    job_id: str
    task_id: str = Field(description="The same as job_id: all tasks of a recording are found by it")
    status: str = Field(description="queued; of a recording that was here already, how it stands")


class Analysis(BaseModel):
    job_id: str
    token_id: str | None
    status: str = Field(description="queued, running, completed, failed or cancelled")
    progress: int
    message: str
    error: str | None = Field(description="Why it failed")
    result: dict[str, Any] | None = Field(description="Once completed: text, segments, sentiment, statistics")


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/tokens", tags=["dubbing"])

    @routes.post(
        "/{token_id}/upload-audio",
        status_code=202,
        dependencies=[Depends(same_site)],
        openapi_extra={"requestBody": BODY},
        responses={200: {"model": Queued, "description": "It was here already"}, **REFUSALS},
    )
    async def upload(token_id: str, request: Request, response: Response, owner: Owner) -> Queued:
        """`token_id` is the caller's label for what was read."""
        label = asking.label(token_id, "token_id")
        stored = await desk.reception.store(request)
        try:
            options = asking.options(stored.received.fields)
            desk.check_webhook(options.webhook)
            await desk.check_model(options.model)
        except BaseException:
            await desk.reception.discard(stored)
            raise
        taken = await desk.reception.accept(stored, Asked(options, owner, token=label))
        existing = taken.outcome != steps.NEW
        response.status_code = 200 if existing else 202
        job_id = taken.state.job.id
        message = "this recording was here already" if existing else "stored; its analysis goes on by itself"
        return Queued(message=message, job_id=job_id, task_id=job_id, status=taken.state.status)

    @routes.get("/analysis-result/{job_id}", responses=responses({404: "No such recording, any more", 409: UNREADABLE}))
    async def result(job_id: str, owner: Owner) -> Analysis:
        """How it stands, and the result once there is one."""
        state = await desk.state(job_id, owner)
        return await _analysis(desk, state)

    async def known(job_id: str, owner: Owner) -> State:
        return await desk.state(job_id, owner)

    @routes.get(
        "/analysis-progress/{job_id}",
        response_class=EventSourceResponse,
        responses=inline_responses(FOLLOWED),
    )
    async def progress(
        state: Annotated[State, Depends(known)],
        after: Annotated[int, Depends(position)],
        _: Annotated[None, Depends(desk.followers.place)],
    ) -> AsyncIterable[ServerSentEvent]:
        """Unnamed events, which `EventSource.onmessage` gets: job_id, status, progress, message; the last one has
        the result or the error as well."""
        yield ServerSentEvent(comment="follow", retry=RECONNECT_MS)
        async for event in follow(desk.book, state.job.id, after):
            if isinstance(event, Progress):
                told = {"job_id": event.session, "status": event.status, "progress": event.progress}
                yield ServerSentEvent(id=str(event.seq), data=told | {"message": event.message})
            elif isinstance(event, Ended):
                last = await _last(desk, event.session)
                if last:
                    yield ServerSentEvent(id=str(event.seq), data=last.model_dump())

    return routes


async def _last(desk: Desk, job_id: str) -> Analysis | None:
    """The last event of a stream, whose answer has begun: what goes wrong now is told in it. None: it was
    erased just now, or cannot be read any more: who comes again is told."""
    try:
        state = await desk.book.state(job_id)
    except Unreadable:
        return None
    if state is None:
        return None
    try:
        return await _analysis(desk, state)
    except Problem as problem:
        return _told(state, None).model_copy(update={"error": problem.message})


async def _analysis(desk: Desk, state: State) -> Analysis:
    return _told(state, await fetch(desk, state) if state.status == COMPLETED else None)


def _told(state: State, found: SpeechResult | None) -> Analysis:
    return Analysis(
        job_id=state.job.id,
        token_id=state.job.token,
        status=state.status,
        progress=state.progress,
        message=state.message,
        error=state.problem.message if state.problem else None,
        result=codec.encode(found) if found else None,
    )
