"""/v1/models: the speech models that run, in the shape of OpenAI's API."""

from typing import Any

from fastapi import APIRouter

from contracts.messages import Heartbeat
from fastapi_service.recordings.openai_asking import ANY_MODEL
from fastapi_service.routes.problem import OpenAIAnswer, Problem, inline_responses
from fastapi_service.workers import STT, Workers

OWNER = "live-sentiment"


def router(workers: Workers) -> APIRouter:
    routes = APIRouter(prefix="/v1/models", tags=["openai"])

    async def running() -> dict[str, Heartbeat]:
        crew = await workers.look()
        return {beat.model: beat for beat in crew.of(STT) if beat.state == "ready"}

    @routes.get("")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_told(name, beat) for name, beat in (await running()).items()]}

    @routes.get("/{id:path}", responses=inline_responses({404: "No ready speech worker runs it"}, OpenAIAnswer))
    async def model(id: str) -> dict[str, Any]:
        found = await running()
        if id in ANY_MODEL and found:
            return _told(id, next(iter(found.values())))
        if id not in found:
            known = ", ".join(found) or "none: no speech worker is ready"
            message = f"model {id!r:.100} does not run here; those that do: {known}"
            raise Problem(404, "model_not_found", message, "model")
        return _told(id, found[id])

    return routes


def _told(name: str, beat: Heartbeat) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(beat.since), "owned_by": OWNER}
