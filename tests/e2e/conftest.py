"""Fixtures of several files of end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e.page import chromium
from tests.listeners import Listeners
from tests.processes import RedisServer


@pytest.fixture
def listeners(redis_server: RedisServer, tmp_path: Path) -> Iterator[Listeners]:
    """Listeners of a test's own Redis and log."""
    with Listeners(redis_server.url, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Its event loop runs in the test's thread, so a file that asks for it cannot use `asyncio.run`."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium with a microphone, which it grants."""
    with chromium(playwright) as running:
        yield running
