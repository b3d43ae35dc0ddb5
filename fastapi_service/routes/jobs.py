"""/v1/jobs: a recording comes in and becomes a job, is looked at, listed, cancelled and erased."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from contracts.job_messages import CANCELLED, ENDS, Ended
from fastapi_service.identity import Owner, same_site
from fastapi_service.recordings import asking, steps
from fastapi_service.recordings.desk import Desk
from fastapi_service.recordings.job import Unreadable
from fastapi_service.recordings.reception import Asked
from fastapi_service.routes.job_answers import JobAnswer, JobsAnswer, TakenAnswer, taken, told
from fastapi_service.routes.problem import Problem, responses

MOST_LISTED = 100
LONGEST_KEY = 255

_OPTIONS: dict[str, Any] = {
    "language": {"type": "string", "description": "ISO 639-1 code; without it the model finds it", "example": "en"},
    "task": {"type": "string", "enum": ["transcribe", "translate"], "description": "translate: into English"},
    "words": {"type": "boolean", "description": "Also the time of each word"},
    "priority": {"type": "string", "enum": ["high", "normal", "low"]},
    "model": {"type": "string", "description": "Refused unless the workers run it"},
    "webhook": {"type": "string", "format": "uri", "description": "Is told of the end, if that is offered"},
    "reference": {"type": "string", "maxLength": asking.LONGEST_TEXT, "description": "Comes back unchanged"},
}
BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}, **_OPTIONS},
            }
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}
REFUSALS = responses(
    {
        400: "No file, an empty one, or a form that cannot be read",
        403: "Asked for by another site's page",
        408: "It came too slowly",
        413: "Larger than is taken here",
        415: "Not a way to send a file",
        422: "An option that is not known, or an Idempotency-Key used for something else",
        429: "Too many recordings are kept already, of all or of this caller, or received at this moment",
        503: "Redis or the storage cannot be reached, or is full",
        507: "No room in the storage",
    }
)
UNREADABLE = "What is known of it cannot be read by this version of the server"
_QUERY = [
    {"name": name, "in": "query", "required": False, "schema": schema, "description": schema.get("description", "")}
    for name, schema in _OPTIONS.items()
]


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/v1/jobs", tags=["recordings"])

    @routes.post(
        "",
        status_code=202,
        dependencies=[Depends(same_site)],
        openapi_extra={"requestBody": BODY, "parameters": _QUERY},
        responses={
            200: {"model": TakenAnswer, "description": "It was here already"},
            **REFUSALS,
        },
    )
    async def submit(
        request: Request,
        response: Response,
        owner: Owner,
        idempotency_key: Annotated[str | None, Header(max_length=LONGEST_KEY)] = None,
    ) -> TakenAnswer:
        """Send a recording: a form with the field `file`, or the file itself as the body with the options in
        the query. The answer comes as soon as it is stored."""
        early = asking.options(_of_query(request))  # before a long upload, where that can be
        desk.check_webhook(early.webhook)
        stored = await desk.reception.store(request)
        try:
            options = asking.options(_of_query(request) | stored.received.fields)
            desk.check_webhook(options.webhook)
            await desk.check_model(options.model)
        except BaseException:
            await desk.reception.discard(stored)
            raise
        got = await desk.reception.accept(stored, Asked(options, owner, idempotency_key))
        existing = got.outcome != steps.NEW
        response.status_code = 200 if existing else 202
        answer = taken(got.state, existing)
        response.headers["Location"] = answer.links.self
        return answer

    @routes.get("", responses=responses({401: "Without a secret there are no recordings of one's own"}))
    async def own(
        owner: Owner,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 20,
        before: Annotated[str | None, Query(max_length=40, description="From the page before")] = None,
    ) -> JobsAnswer:
        """The caller's own recordings: those sent with the same bearer token, or by the same browser."""
        if owner is None:
            message = "send `Authorization: Bearer <a secret of yours>` with each recording and here"
            raise Problem(401, "no_secret", message, "Authorization", {"WWW-Authenticate": "Bearer"})
        if before is not None and not before.isdecimal():
            raise Problem(422, "invalid_request", "before is what the page before said", "before")
        page = await desk.book.of_owner(owner, int(before) if before else None, limit)
        jobs, most_bytes = [told(state) for state in page.states], desk.reception.most_bytes
        return JobsAnswer(jobs=jobs, unreadable=page.unreadable, before=page.before, most_bytes=most_bytes)

    @routes.get("/{id}", responses=responses({404: "No such recording, any more", 409: UNREADABLE}))
    async def one(id: str, owner: Owner) -> JobAnswer:
        return told(await desk.state(id, owner))

    @routes.delete(
        "/{id}",
        dependencies=[Depends(same_site)],
        responses={
            204: {"description": "It was completed or failed, or cannot be read; it and its result are erased"},
            **responses({403: "Asked for by another site's page", 404: "No such recording, any more", 409: UNREADABLE}),
        },
    )
    async def cancel(id: str, owner: Owner) -> JobAnswer:
        """Cancel it, at work or not, and erase its sound. One that is completed or failed is erased whole,
        and so is one that this version of the server cannot read."""
        state = await desk.find(id, owner)
        if isinstance(state, Unreadable):
            await desk.erase(id, owner if state.owner is None else state.owner)
            return Response(status_code=204)  # type: ignore[return-value]  # as below
        if state.status not in ENDS:
            ended = Ended(id, CANCELLED, message="cancelled by its sender")
            await desk.book.run(steps.end(ended, desk.keep_seconds))
            state = await desk.state(id, owner)  # it may have ended in another way just before
        if state.status == CANCELLED:
            return told(state)
        await desk.erase(id, state.job.owner)
        return Response(status_code=204)  # type: ignore[return-value]  # FastAPI hands a Response on as it is

    return routes


def _of_query(request: Request) -> dict[str, list[str]]:
    return {name: request.query_params.getlist(name) for name in asking.FIELDS if name in request.query_params}
