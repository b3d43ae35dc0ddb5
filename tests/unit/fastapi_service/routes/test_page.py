import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from fastapi_service.routes import page
from fastapi_service.security import SecurityHeaders

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def web(tmp_path: Path) -> Path:
    (tmp_path / "web" / "js").mkdir(parents=True)
    (tmp_path / "web" / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "web" / "js" / "app.js").write_text("export {}")
    (tmp_path / "web" / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "web"


def get(web: Path, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> httpx.Response:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.add_middleware(SecurityHeaders)
    app.include_router(page.router(web))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here:8000") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())


def test_a_browser_gets_the_page_and_a_program_the_links(web: Path) -> None:
    seen = get(web, "/", BROWSER)
    assert seen.text.startswith("<!doctype html>") and seen.headers["content-type"] == "text/html; charset=utf-8"
    listed = get(web, "/", {"Accept": "*/*"})
    assert listed.json()["links"]["socket"] == "/ws" and listed.json()["version"]
    assert seen.headers["vary"] == listed.headers["vary"] == "Accept"


def test_a_program_may_run_without_the_page(tmp_path: Path) -> None:
    assert get(tmp_path / "absent", "/", BROWSER).json()["links"]
    assert get(tmp_path / "absent", "/index.html").status_code == 404


@pytest.mark.parametrize(
    ("path", "kind"), [("/js/app.js", "text/javascript; charset=utf-8"), ("/icon.svg", "image/svg+xml")]
)
def test_files_have_the_type_that_browsers_insist_on(web: Path, path: str, kind: str) -> None:
    assert get(web, path).headers["content-type"] == kind


def test_a_file_is_checked_each_time_and_sent_once(web: Path) -> None:
    first = get(web, "/js/app.js")
    assert first.headers["cache-control"] == "no-cache"
    again = get(web, "/js/app.js", {"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and not again.content and again.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/absent.js", "/js", "/../secret.txt", "/%2e%2e/secret.txt", "/a%00b", "/" + "x" * 300]
)
def test_what_is_not_there_is_not_found(web: Path, path: str) -> None:
    answer = get(web, path)
    assert answer.status_code == 404 and "secret" not in answer.text.replace("secret.txt", "")


@pytest.mark.parametrize("path", ["/", "/js/app.js", "/absent"])
def test_every_answer_has_the_security_headers(web: Path, path: str) -> None:
    headers = get(web, path, BROWSER).headers
    assert "ws://here:8000 wss://here:8000" in headers["content-security-policy"]
    assert headers["permissions-policy"].startswith("microphone=(self)")
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_head(web: Path) -> None:
    answer = get(web, "/", BROWSER, method="HEAD")
    assert answer.status_code == 200 and not answer.content
