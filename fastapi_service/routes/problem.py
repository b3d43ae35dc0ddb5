"""How the API says no: `{"error": {"code", "message", "field"}}`, and the same in OpenAI's words under its paths.

Raise `Problem`; everything else that goes wrong under the API's paths is made one here. Pages, the
socket and /health keep FastAPI's own shape.
"""

import http
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

from contracts.connect import out_of_memory

log = logging.getLogger(__name__)

API = ("/v1", "/tokens")
OPENAI = ("/v1/audio", "/v1/models")
RETRY_SECONDS = 2
MOST_SHOWN = 60
"""Characters of a wrong value that its message repeats."""
PLACES = {"query": "query parameter", "path": "path parameter", "header": "header", "cookie": "cookie", "body": "field"}


class Problem(Exception):
    """`message` says what was wrong and what would do; `field` is the parameter that it is about."""

    def __init__(
        self, status: int, code: str, message: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = dict(headers or {})


class Told(BaseModel):
    code: str = Field(description="One word for programs", examples=["not_found"])
    message: str = Field(description="What was wrong and what would do, for people")
    field: str | None = Field(None, description="The parameter that it is about, if it is about one")


class ProblemAnswer(BaseModel):
    error: Told


class OpenAITold(BaseModel):
    message: str
    type: str
    param: str | None = None
    code: str | None = None


class OpenAIAnswer(BaseModel):
    error: OpenAITold


def responses(described: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: each status with its meaning, in the one shape."""
    return {status: {"model": ProblemAnswer, "description": meaning} for status, meaning in described.items()}


def inline_responses(described: Mapping[int, str], shape: type[BaseModel] = ProblemAnswer) -> dict[int | str, Any]:
    """The same for a route whose good answer is no JSON: FastAPI would give the bad ones its media type."""
    content = {"application/json": {"schema": _flat(shape.model_json_schema())}}
    return {status: {"description": meaning, "content": content} for status, meaning in described.items()}


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """With the models that it refers to in their place."""
    models = schema.pop("$defs", {})

    def filled(part: Any) -> Any:
        if isinstance(part, list):
            return [filled(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return filled(models[part["$ref"].rpartition("/")[2]])
        return {key: filled(value) for key, value in part.items()}

    return dict(filled(schema))


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(RedisError, _storage)
    app.add_exception_handler(Exception, _unforeseen)


def is_under(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)


def answer(request: Request, problem: Problem) -> JSONResponse:
    """The problem in the shape that the caller of this path expects."""
    if is_under(request.scope["path"], OPENAI):
        kind = "invalid_request_error" if problem.status < 500 else "server_error"
        told = {"message": problem.message, "type": kind, "param": problem.field, "code": problem.code}
        return JSONResponse({"error": told}, 400 if problem.status == 422 else problem.status, problem.headers)
    told = {"code": problem.code, "message": problem.message, "field": problem.field}
    return JSONResponse({"error": told}, problem.status, problem.headers)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    if not is_under(path, API):
        return await http_exception_handler(request, error)
    phrase = http.HTTPStatus(error.status_code).phrase
    message, headers = error.detail, dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _allowed(request, headers.get("Allow", ""))
        message = f"{request.method} is not offered here; use {headers['Allow']}"
    elif message == phrase and error.status_code == 404:
        message = "there is nothing under this address; /openapi.json lists what there is"
    code = phrase.lower().replace(" ", "_")
    return answer(request, Problem(error.status_code, code, message, None, headers))


def _allowed(request: Request, found: str) -> str:
    """All methods of the address: the router names those of the first route alone that has its path."""
    path = getattr(request.scope.get("route"), "path_format", None)
    documented = request.app.openapi()["paths"].get(path, {})
    return ", ".join(sorted(name.upper() for name in documented)) or found


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if not is_under(request.scope["path"], API):
        return await request_validation_exception_handler(request, error)
    said = [_said(detail) for detail in error.errors()]
    field = next((name for name, _ in said if name), None)
    message = "; ".join(message for _, message in said[:3])
    return answer(request, Problem(422, "invalid_request", message, field))


def _said(detail: Mapping[str, Any]) -> tuple[str | None, str]:
    """The field that one of pydantic's errors is about, and the error in words."""
    place, *rest = detail["loc"]
    name = ".".join(str(part) for part in rest if isinstance(part, str)) or None
    where = f"{PLACES.get(place, place)} {name}" if name else f"the {'body' if place == 'body' else place}"
    if detail["type"] == "missing":
        return name, f"{where} is missing"
    value = detail.get("input")
    got = f", got {value!r:.{MOST_SHOWN}}" if isinstance(value, str | int | float) else ""
    return name, f"{where}: {detail['msg'].removeprefix('Input ').removeprefix('Value error, ')}{got}"


async def _storage(request: Request, error: Exception) -> Response:
    log.warning("request failed: no storage", extra={"path": request.scope["path"], "error": error})
    headers = {"Retry-After": str(RETRY_SECONDS)}
    if out_of_memory(error):
        message = "the server's storage is full; try again in a minute"
        return answer(request, Problem(503, "storage_full", message, None, headers))
    message = "the server cannot reach its storage (Redis); try again in a moment"
    return answer(request, Problem(503, "storage_unavailable", message, None, headers))


async def _unforeseen(request: Request, error: Exception) -> Response:
    """Starlette raises it again, so that the server's log has it."""
    if not is_under(request.scope["path"], API):
        return PlainTextResponse("Internal Server Error", 500)
    return answer(request, Problem(500, "internal", "the server failed in a way nobody foresaw; its log says how"))
