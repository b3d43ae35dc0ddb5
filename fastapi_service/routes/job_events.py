"""/v1/jobs/{id}/events: a job's events as Server-Sent Events, from any point on, until its end."""

from collections.abc import AsyncIterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts import codec
from contracts.job_messages import Ended, Progress
from contracts.messages import Error, Result
from fastapi_service.identity import Owner
from fastapi_service.recordings.book import Event
from fastapi_service.recordings.desk import Desk
from fastapi_service.recordings.follow import follow
from fastapi_service.recordings.job import State
from fastapi_service.routes.jobs import UNREADABLE
from fastapi_service.routes.problem import Problem, inline_responses

RECONNECT_MS = 2_000
FOLLOWED = {404: "No such recording, any more", 409: UNREADABLE, 422: "Not the id of an event"}
FOLLOWED |= {503: "Too many follow recordings at this moment, or Redis cannot be reached"}


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/v1/jobs", tags=["recordings"])

    async def known(id: str, owner: Owner) -> State:
        return await desk.state(id, owner)

    @routes.get(
        "/{id}/events",
        response_class=EventSourceResponse,
        responses=inline_responses(FOLLOWED),
    )
    async def events(
        state: Annotated[State, Depends(known)],
        after: Annotated[int, Depends(position)],
        _: Annotated[None, Depends(desk.followers.place)],
    ) -> AsyncIterable[ServerSentEvent]:
        """`progress`; `segment`, the words and sentiment of each part as it is finished, in no particular
        order; `problem` for a part that failed; at last `completed`, `failed` or `cancelled`, after which
        the server closes. Each has an id; to miss nothing send the last one as `Last-Event-ID`, as
        browsers do. A comment every 15 s shows that the connection lives."""
        yield ServerSentEvent(comment="follow", retry=RECONNECT_MS)
        async for event in follow(desk.book, state.job.id, after):
            named = name(event)
            if named:
                yield ServerSentEvent(event=named, id=str(event.seq), data=told(event))

    return routes


def position(
    last_event_id: Annotated[str | None, Header(description="The last event that was had", max_length=40)] = None,
    after: Annotated[str | None, Query(description="The same, for who cannot send headers", max_length=40)] = None,
) -> int:
    text = last_event_id or after or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        field = "Last-Event-ID" if last_event_id else "after"
        raise Problem(422, "invalid_request", f"{field} {text!r:.60} is not the id of an event", field)
    return int(text)


def name(event: Event) -> str | None:
    """What a durable event is called here; None for one that another one covers."""
    if isinstance(event, Ended):
        return event.status
    return {Progress: "progress", Result: "segment", Error: "problem"}.get(type(event))


def told(event: Event) -> dict[str, Any]:
    """Its data: the message as it is in the stream, with the job's id as `job`."""
    data = codec.encode(event)
    del data["type"]
    return {"job": data.pop("session"), **data}
