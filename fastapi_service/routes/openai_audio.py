"""/v1/audio/transcriptions and /v1/audio/translations: recordings in the shape of OpenAI's API, answered when
they are done. One whose caller goes away is cancelled; one whose caller comes again, as OpenAI's
packages do, goes on.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from fastapi.sse import format_sse_event
from redis.exceptions import RedisError

from contracts import codec
from contracts.job_messages import CANCELLED, COMPLETED
from fastapi_service.identity import Owner, same_site
from fastapi_service.recordings import openai_asking, openai_shape
from fastapi_service.recordings.awaiting import Awaiting, GoneAway, InOrder
from fastapi_service.recordings.desk import Desk
from fastapi_service.recordings.follow import PERIOD_SECONDS
from fastapi_service.recordings.job import State
from fastapi_service.recordings.openai_asking import Wish
from fastapi_service.recordings.reception import Asked
from fastapi_service.recordings.refusal import REASONS
from fastapi_service.recordings.result import SpeechResult
from fastapi_service.routes.job_result import fetch
from fastapi_service.routes.problem import OpenAIAnswer, Problem, inline_responses

CALLERS_FAULT = {reason.code for reason in REASONS}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "As `response_format` and `stream` say",
        "content": {"application/json": {}, "text/plain": {}, "text/event-stream": {}},
    },
    **inline_responses(
        {
            400: "A wrong option, or a recording that cannot be read",
            403: "Asked for by another site's page",
            409: "Cancelled meanwhile, or not readable any more",
            408: "It came too slowly",
            413: "Larger than is taken here",
            415: "Not a way to send a file",
            429: "Too many recordings are kept already, of all or of this caller, or received at this moment",
            500: "It failed; x-should-retry says that the same again would too",
            503: "Too many wait at this moment, or Redis or the storage cannot be reached, or is full",
            507: "No room in the storage",
        },
        OpenAIAnswer,
    ),
}
AWAY = Problem(503, "storage_unavailable", "the server cannot reach its storage (Redis); send it again")
NEVER_AGAIN = {"x-should-retry": "false"}
CLIENT_CLOSED = 499
"""nginx's word for a client that went away; nobody reads it."""


def router(desk: Desk) -> APIRouter:
    waiting = [Depends(same_site), Depends(desk.followers.place)]  # a place before an upload that may be long
    routes = APIRouter(prefix="/v1/audio", tags=["openai"], dependencies=waiting)

    described: dict[str, Any] = {"response_class": Response, "responses": ANSWERS}

    @routes.post("/transcriptions", openapi_extra=openai_asking.described("transcribe"), **described)
    async def transcriptions(request: Request, owner: Owner) -> Response:
        """As OpenAI's; each segment and the whole have a `sentiment` too."""
        return await _answer(desk, request, owner, "transcribe")

    @routes.post("/translations", openapi_extra=openai_asking.described("translate"), **described)
    async def translations(request: Request, owner: Owner) -> Response:
        """The same into English."""
        return await _answer(desk, request, owner, "translate")

    return routes


async def _answer(desk: Desk, request: Request, owner: str | None, task: str) -> Response:
    stored = await desk.reception.store(request)
    try:
        wish = openai_asking.wish(stored.received.fields, task)
        if wish.options.model:
            await desk.check_model(wish.options.model)
    except BaseException:
        await desk.reception.discard(stored)
        raise
    key = request.headers.get("idempotency-key")
    taken = await desk.reception.accept(stored, Asked(wish.options, owner, key, awaited=True))
    awaiting = Awaiting(desk.book, taken.state.job.id, request)
    if wish.stream:
        return StreamingResponse(_stream(desk, taken.state, awaiting), media_type="text/event-stream")
    try:
        state = await _ended(desk, taken.state, awaiting)
    except GoneAway:
        return Response(status_code=CLIENT_CLOSED)
    result = await _result(desk, state)
    return await asyncio.get_running_loop().run_in_executor(desk.threads, _formed, result, wish, task)


async def _ended(desk: Desk, state: State, awaiting: Awaiting) -> State:
    while not state.over:
        await awaiting.here()
        await asyncio.sleep(PERIOD_SECONDS)
        state = await desk.state(state.job.id, state.job.owner)
    return state


async def _result(desk: Desk, state: State) -> SpeechResult:
    """Raises Problem in the caller's words: what is wrong with the recording is 400, all else 500."""
    if state.status == COMPLETED:
        return await fetch(desk, state)
    if state.status == CANCELLED:
        raise Problem(409, "cancelled", "this recording was cancelled; send it again")
    code, message = (state.problem.code, state.problem.message) if state.problem else ("failed", "it failed")
    raise Problem(400 if code in CALLERS_FAULT else 500, code, message, "file", NEVER_AGAIN)


def _formed(result: SpeechResult, wish: Wish, task: str) -> Response:
    if wish.form == "json":
        return JSONResponse(openai_shape.as_json(result))
    if wish.form == "verbose_json":
        return JSONResponse(openai_shape.as_verbose(result, wish.granularities, task))
    return PlainTextResponse(openai_shape.as_text(result, wish.form))


async def _stream(desk: Desk, state: State, awaiting: Awaiting) -> AsyncIterator[bytes]:
    """`transcript.text.delta` for each part, in the recording's order, then `transcript.text.done`."""
    ordered, after, text = InOrder(), 0, ""
    try:
        while True:
            async for event in desk.book.events(state.job.id, after):
                after = event.seq or after
                for part in ordered.add(event):
                    if part.text:
                        delta = part.text if not text else f" {part.text}"
                        text += delta
                        yield _event({"type": "transcript.text.delta", "delta": delta})
            state = await desk.state(state.job.id, state.job.owner)
            if state.over:
                break
            await awaiting.here()
            await asyncio.sleep(PERIOD_SECONDS)
        result = await _result(desk, state)
    except GoneAway:
        return
    except (Problem, RedisError) as error:
        problem = error if isinstance(error, Problem) else AWAY
        told = {"message": problem.message, "type": "server_error", "param": problem.field, "code": problem.code}
        yield format_sse_event(event="error", data_str=json.dumps({"error": told}))
        return
    sentiment = codec.encode(result.sentiment)
    yield _event({"type": "transcript.text.done", "text": result.text, "sentiment": sentiment})
    yield format_sse_event(data_str="[DONE]")


def _event(data: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=json.dumps(data, ensure_ascii=False))
