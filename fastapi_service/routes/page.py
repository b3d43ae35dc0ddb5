"""The page and its files from `web/`; `/` tells a program where things are instead."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.datastructures import Headers
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from contracts.names import PROTOCOL_VERSION
from fastapi_service import __version__, identity

# the system's own table differs from machine to machine, and a module of the wrong type does not load
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain",
}

INDEX = {
    "service": "live sentiment",
    "version": __version__,
    "protocol": PROTOCOL_VERSION,
    "links": {
        "socket": "/ws",
        "live": "/health/live",
        "ready": "/health/ready",
        "recordings": "/v1/jobs",
        "session_result": "/v1/sessions/{session}/result",
        "openapi": "/openapi.json",
        "page": "/index.html",
    },
}


class FilePath(PathConvertor):
    """What is under the API's paths is never a file: a wrong method there is to be told so."""

    regex = "(?!(?:v1|tokens)(?:/|$)).*"


register_url_convertor("file", FilePath())


class Files(StaticFiles):
    """Checked with the server each time (ETag), so that a new version shows at once."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Any, status_code: int = 200) -> Response:
        kind = TYPES.get(Path(full_path).suffix, "application/octet-stream")
        headers = {"Cache-Control": "no-cache"}
        response = FileResponse(full_path, status_code, headers, media_type=kind, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response


def router(web: Path) -> APIRouter:
    """`web` may be absent: then only programs are served."""
    routes = APIRouter()
    files = Files(directory=web, check_dir=False)

    @routes.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def index(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", "") and (web / "index.html").is_file():
            response = await files.get_response("index.html", request.scope)
            identity.greet(request, response)
        else:
            response = JSONResponse(INDEX, headers={"Cache-Control": "no-cache"})
        response.headers["Vary"] = "Accept"
        return response

    @routes.api_route("/{path:file}", methods=["GET", "HEAD"], include_in_schema=False)
    async def file(path: str, request: Request) -> Response:
        try:
            return await files.get_response(path, request.scope)
        except HTTPException:
            raise
        except (OSError, RuntimeError):
            raise HTTPException(404, f"there is no /{path}; / lists what there is") from None

    return routes
