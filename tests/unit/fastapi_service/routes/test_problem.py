import asyncio
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError

from fastapi_service.routes import page, problem
from fastapi_service.routes.problem import Problem


class Wish(BaseModel):
    size: int = Field(ge=1)
    colour: str = "red"


FAILURES = {
    "away": RedisConnectionError("no route"),
    "full": OutOfMemoryError("OOM"),
    "bug": RuntimeError("secret"),
    "own": Problem(409, "busy", "it is busy; wait", "thing", {"Retry-After": "5"}),
}


JSON = {"Content-Type": "application/json"}
SURROGATES = b'{"size": "' + rb"\ud800" * 99 + b'"}'
"""JSON can hold what is no text; the answer, which quotes it, must be text all the same."""


def app(web: Path) -> FastAPI:
    made = FastAPI(docs_url=None, redoc_url=None)
    problem.install(made)

    @made.get("/v1/things/{number}", responses=problem.responses({404: "No such thing", 422: "Not a number"}))
    async def thing(number: int, format: Literal["json", "txt"] = "json") -> int:
        return number

    @made.delete("/v1/things/{number}")
    async def gone(number: int) -> int:
        return number

    @made.post("/v1/things")
    async def new(wish: Wish) -> int:
        return wish.size

    @made.post("/v1/audio/things")
    async def openai(wish: Wish) -> int:
        return wish.size

    @made.get("/v1/failures/{which}")
    async def fail(which: str) -> None:
        raise FAILURES[which]

    @made.get("/other/{number}")
    async def other(number: int) -> None:
        raise RuntimeError("secret")

    made.include_router(page.router(web))
    return made


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def once(method: str, path: str, **options: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app(tmp_path), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.request(method, path, **options)

        return asyncio.run(asked())

    return once


def told(answer: httpx.Response) -> dict[str, Any]:
    assert list(answer.json()) == ["error"] and set(answer.json()["error"]) == {"code", "message", "field"}
    return answer.json()["error"]


def test_a_problem_is_told_as_it_was_raised(ask):
    answer = ask("GET", "/v1/failures/own")
    assert answer.status_code == 409 and answer.headers["retry-after"] == "5"
    assert told(answer) == {"code": "busy", "message": "it is busy; wait", "field": "thing"}


@pytest.mark.parametrize(
    ("method", "path", "options", "field", "message"),
    [
        ("GET", "/v1/things/x", {}, "number", "path parameter number: should be a valid integer"),
        ("GET", "/v1/things/1?format=pdf", {}, "format", "parameter format: should be 'json' or 'txt', got 'pdf'"),
        ("POST", "/v1/things", {"json": {}}, "size", "field size is missing"),
        ("POST", "/v1/things", {"json": {"size": 0}}, "size", "greater than or equal to 1, got 0"),
        ("POST", "/v1/things", {"content": SURROGATES, "headers": JSON}, "size", r"\ud800"),
        ("POST", "/v1/things", {"content": b"{", "headers": JSON}, None, "the body: "),
        ("POST", "/v1/things", {}, None, "the body is missing"),
    ],
)
def test_a_wrong_parameter_is_named_in_words(ask, method, path, options, field, message):
    answer = ask(method, path, **options)
    assert answer.status_code == 422
    error = told(answer)
    assert error["code"] == "invalid_request" and error["field"] == field
    assert message in error["message"] and len(error["message"]) < 250


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/tokens/a/b", "/v1/things/1/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_what_is_not_there_is_not_found(ask, method, path):
    answer = ask(method, path)
    assert answer.status_code == 404
    assert method == "HEAD" or told(answer)["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PUT", "/v1/things/1", "DELETE, GET"), ("GET", "/v1/things", "POST"), ("HEAD", "/v1/things/1", "DELETE, GET")],
)
def test_a_wrong_method_is_told_which_would_do(ask, method, path, allowed):
    answer = ask(method, path)
    assert answer.status_code == 405 and answer.headers["allow"] == allowed
    assert method == "HEAD" or (told(answer)["code"] == "method_not_allowed" and allowed in told(answer)["message"])


@pytest.mark.parametrize(
    ("which", "status", "code"),
    [("away", 503, "storage_unavailable"), ("full", 503, "storage_full"), ("bug", 500, "internal")],
)
def test_what_fails_behind_it_is_told_without_its_inside(ask, which, status, code):
    answer = ask("GET", f"/v1/failures/{which}")
    assert answer.status_code == status and told(answer)["code"] == code
    assert ("retry-after" in answer.headers) == (status == 503) and "secret" not in answer.text


def test_openai_routes_say_it_in_openai_words(ask):
    answer = ask("POST", "/v1/audio/things", json={})
    assert answer.status_code == 400
    message = "field size is missing"
    assert answer.json()["error"] == {
        "message": message,
        "type": "invalid_request_error",
        "param": "size",
        "code": "invalid_request",
    }


def test_other_paths_keep_their_shape(ask):
    assert ask("GET", "/other/x").json()["detail"][0]["loc"] == ["path", "number"]
    assert ask("GET", "/v1x").json() == {"detail": "Not Found"}
    assert ask("GET", "/other/1").text == "Internal Server Error"


def test_the_description_has_the_shape(ask):
    described = ask("GET", "/openapi.json").json()
    answers = described["paths"]["/v1/things/{number}"]["get"]["responses"]
    reference = {"$ref": "#/components/schemas/ProblemAnswer"}
    assert answers["404"]["content"]["application/json"]["schema"] == reference
    assert answers["422"]["content"]["application/json"]["schema"] == reference
