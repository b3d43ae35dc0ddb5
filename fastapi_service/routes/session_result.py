"""/v1/sessions/{session}/result: what was said in a live session so far, in five forms, for its owner alone."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from fastapi_service import history
from fastapi_service.history import History
from fastapi_service.recordings import exports
from fastapi_service.routes import exported
from fastapi_service.routes.exported import FormName
from fastapi_service.routes.problem import Problem, responses

AT_A_TIME = 2
"""Sessions read and written out at once by this process; more wait. Of a day of speech each takes some ten
seconds of a core and 100 MB."""

KEY = HTTPBearer(scheme_name="sessionKey", description="`key` of the session's `ready` message", auto_error=False)

DESCRIBED = exported.DESCRIBED | responses(
    {
        401: "The session's key is missing",
        404: "No such session is known under that key (any more)",
        422: "No such format",
        503: "Redis cannot be reached",
    }
)


def router(past: History) -> APIRouter:
    routes = APIRouter(prefix="/v1/sessions", tags=["sessions"])
    turns = asyncio.Semaphore(AT_A_TIME)

    @routes.get("/{session}/result", response_class=Response, responses=DESCRIBED)
    async def result(
        session: str, key: Annotated[HTTPAuthorizationCredentials | None, Depends(KEY)], form: FormName = "json"
    ) -> Response:
        """What was said so far, also while the session goes on, and for 24 hours after its last news. `session`
        and `key` are those of its `ready` message; the key belongs into the header, never into the address."""
        if key is None:
            message = "send the session's key, which its ready message had, as `Authorization: Bearer <key>`"
            raise Problem(401, "no_key", message, "Authorization", {"WWW-Authenticate": "Bearer"})
        if not await past.is_key(session, key.credentials):
            message = "no session is known under this id and key; each is kept for 24 hours after its last news"
            raise Problem(404, "not_found", message)
        async with turns:
            found = await past.read(session)
            body = await asyncio.to_thread(lambda: exports.export(history.result(found), form))
        return exported.answer(body, form, f"captions_{session}")

    return routes
