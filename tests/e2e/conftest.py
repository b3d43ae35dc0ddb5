"""Fixtures of several files of end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.listeners import Listeners
from tests.processes import RedisServer


@pytest.fixture
def listeners(redis_server: RedisServer, tmp_path: Path) -> Iterator[Listeners]:
    """Listeners of a test's own Redis and log."""
    with Listeners(redis_server.url, tmp_path) as running:
        yield running
