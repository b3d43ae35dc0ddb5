"""/v1/jobs/{id}/result: what was said in a recording, in five forms."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from contracts import codec
from contracts.job_messages import COMPLETED, FAILED
from fastapi_service.identity import Owner
from fastapi_service.recordings import exports, steps
from fastapi_service.recordings.desk import Desk
from fastapi_service.recordings.job import State
from fastapi_service.recordings.names import result_name
from fastapi_service.recordings.result import SpeechResult
from fastapi_service.recordings.storage_errors import NotThere, StorageError
from fastapi_service.routes import exported
from fastapi_service.routes.problem import Problem, responses

DESCRIBED = {
    200: {
        "description": "JSON, plain text, SubRip, WebVTT or CSV",
        "content": {form.media_type.partition(";")[0]: {} for form in exports.FORMS.values()},
    },
    **responses(
        {
            404: "No such recording, any more",
            409: "It is not completed: still worked on, failed or cancelled; or it cannot be read",
            503: "The storage cannot be reached",
        }
    ),
}


def router(desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/v1/jobs", tags=["recordings"])

    @routes.get("/{id}/result", response_class=Response, responses=DESCRIBED)
    async def result(id: str, owner: Owner, form: Annotated[str, Query(alias="format")] = "json") -> Response:
        if form not in exports.FORMS:
            known = ", ".join(exports.FORMS)
            raise Problem(422, "invalid_request", f"format {form!r:.60} is not known; use one of {known}", "format")
        state = await desk.state(id, owner)
        if form == "json":
            body = await stored(desk, state) + b"\n"  # as `exports` would write it
        else:
            found = await fetch(desk, state)
            async with desk.turns:
                body = await asyncio.get_running_loop().run_in_executor(desk.threads, exports.export, found, form)
        return exported.answer(body, form, state.job.name)

    return routes


async def fetch(desk: Desk, state: State) -> SpeechResult:
    """The result of a completed job. Raises Problem."""
    text = await stored(desk, state)
    async with desk.turns:
        return await asyncio.get_running_loop().run_in_executor(desk.threads, codec.loads, text, SpeechResult)


async def stored(desk: Desk, state: State) -> bytes:
    """The same as it is in the storage, encoded. Raises Problem."""
    if state.status != COMPLETED:
        raise Problem(409, *_why_not(state))
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(desk.threads, desk.storage.read, result_name(state.job.id))
    except NotThere:
        await desk.book.run(steps.alone(state.job.id))
        message = "this result is not in the storage any more; send the recording again"
        raise Problem(404, "not_found", message) from None
    except StorageError:
        message = "the server cannot reach its storage of recordings; try again in a moment"
        raise Problem(503, "storage_unavailable", message, None, {"Retry-After": "5"}) from None


def _why_not(state: State) -> tuple[str, str]:
    if state.status == FAILED and state.problem:
        return state.problem.code, f"this recording failed: {state.problem.message}"
    if state.over:
        return state.status, f"this recording was {state.status}: it has no result"
    return "not_finished", f"it is {state.status} ({state.progress} %); follow /v1/jobs/{state.job.id}/events"
