"""/health/live: the process answers. /health/ready: speech becomes results, or which part is missing and why."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError

from fastapi_service import __version__
from fastapi_service.gateway import Gateway
from fastapi_service.routes import report
from fastapi_service.routes.report import Seen
from fastapi_service.workers import Crew

STORAGE_SECONDS = 3.0
NO_STORE = {"Cache-Control": "no-store"}


def router(redis: Redis, gateway: Gateway) -> APIRouter:
    routes = APIRouter(prefix="/health")

    @routes.get("/live")
    async def live() -> JSONResponse:
        return JSONResponse({"live": True, "version": __version__}, headers=NO_STORE)

    @routes.get("/ready")
    async def ready() -> JSONResponse:
        away, crew = None, Crew()
        try:
            async with asyncio.timeout(STORAGE_SECONDS):
                await redis.ping()
                crew = await gateway.workers.look()
        except (RedisError, OSError) as error:
            cause = str(error) or f"no answer within {STORAGE_SECONDS:.0f} s"
            away = f"Redis cannot be reached: {cause}; start it or set REDIS_URL"
        if away is None:
            await asyncio.gather(gateway.probe.ask(), gateway.load.look())
        told = report.ready(Seen(away, crew, gateway.probe, gateway.load))
        told |= {"version": __version__, "sessions": len(gateway.connections)}
        return JSONResponse(told, 200 if told["ready"] else 503, NO_STORE)

    return routes
