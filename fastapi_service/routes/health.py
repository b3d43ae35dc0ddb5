"""/health/live: the process answers. /health/ready: speech becomes results, or which part is missing and why."""

import asyncio
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError

from fastapi_service import __version__
from fastapi_service.gateway import Gateway
from fastapi_service.probe import Probe
from fastapi_service.workers import ANALYZER, NEEDED, STT, Crew, why

STORAGE_SECONDS = 3.0
NO_STORE = {"Cache-Control": "no-store"}

REAL_MODELS = (
    "The small shipped models stand in for real ones: they know only the words they were made with. "
    "Let the workers reach the model hub, or name files with WHISPER_MODEL and SENTIMENT_MODEL, "
    "without DEMO_MODELS=always, and start them again."
)


def router(redis: Redis, gateway: Gateway) -> APIRouter:
    probe = gateway.probe
    routes = APIRouter(prefix="/health")

    @routes.get("/live")
    async def live() -> JSONResponse:
        return JSONResponse({"live": True, "version": __version__}, headers=NO_STORE)

    @routes.get("/ready")
    async def ready() -> JSONResponse:
        try:
            async with asyncio.timeout(STORAGE_SECONDS):
                await redis.ping()
                crew = await gateway.workers.look()
            storage = _part("ready")
        except (RedisError, OSError) as error:
            crew = Crew()
            reason = str(error) or f"no answer within {STORAGE_SECONDS:.0f} s"
            storage = _part("failed", f"Redis cannot be reached: {reason}; start it or set REDIS_URL")
        if storage["state"] == "ready":
            await probe.ask()
        parts = {"redis": storage, **_workers(crew, storage), "pipeline": _pipeline(probe, storage)}
        is_ready = all(part["state"] == "ready" for part in parts.values())
        report = {
            "ready": is_ready,
            "version": __version__,
            "parts": parts,
            "models": _models(crew, probe),
            "demo_models": crew.demo_models,
            "real_models": REAL_MODELS if crew.demo_models else None,
            "sessions": len(gateway.connections),
        }
        return JSONResponse(report, 200 if is_ready else 503, NO_STORE)

    return routes


def _part(state: str, reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {"state": state, "reason": reason, **more}


def _workers(crew: Crew, storage: dict[str, Any]) -> dict[str, dict[str, Any]]:
    if storage["state"] != "ready":
        return {service: _part("unknown", "their heartbeats are in Redis") for service in NEEDED}
    parts = {}
    for service in NEEDED:
        best = crew.best(service)
        reason = None if best.state == "ready" else why(best)
        count = sum(beat.state == "ready" for beat in crew.of(service))
        about = {"model": best.model, "engine": best.engine, "device": best.device, "ready": count}
        parts[service] = _part(best.state, reason, **about)
    return parts


def _pipeline(probe: Probe, storage: dict[str, Any]) -> dict[str, Any]:
    if storage["state"] != "ready":
        return _part("unknown", "nothing can be sent without Redis")
    if probe.reason is None:
        return _part("ready", proved_seconds_ago=round(probe.age, 1))
    return _part("failed" if probe.result else "waiting", probe.reason)


def _models(crew: Crew, probe: Probe) -> dict[str, str]:
    """What the workers say they run; from the last clip when they say nothing just now."""
    speech, sentiment = crew.best(STT), crew.best(ANALYZER)
    last = probe.result
    return {
        "engine": speech.engine or (last.engine if last else ""),
        "speech": speech.model or (last.model if last else ""),
        "sentiment": sentiment.model or (last.sentiment.model if last else ""),
    }
