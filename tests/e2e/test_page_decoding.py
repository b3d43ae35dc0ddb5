"""A recording that is being decoded, on the page: its length is shown when it is known, not how far the decoder is.
The steps are the recordings worker's and the conductor's, taken by the test on a real Redis."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser, expect

from contracts.job_messages import RUNNING, Progress
from fastapi_service.recordings import steps
from tests.e2e import page as pages
from tests.e2e.page import Page, visit
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway

pytestmark = pytest.mark.skipif(bool(pages.missing()), reason=str(pages.missing()))


@dataclass
class Work:
    """A job that somebody looks at, and what is done with it."""

    page: Page
    store: "redis.Redis"
    job: str = ""

    def note(self, stage: str, percent: int) -> None:
        self.store.eval(*steps.note(Progress(self.job, RUNNING, stage, percent, "", at=time.time())).call)


@pytest.fixture
def work(tmp_path: Path, browser: Browser) -> Iterator[Work]:
    with (
        RedisServer(tmp_path) as server,
        RunningGateway(server.url, storage_url=str(tmp_path / "kept")) as gateway,
        redis.from_url(server.url) as store,
        visit(browser) as (page, _),
    ):
        page.open(gateway.url)
        yield Work(page, store)


def test_the_length_is_shown_when_it_is_known(work: Work, tmp_path: Path) -> None:
    tab, about = work.page.tab, work.page.tab.locator("#recording-about")
    (tmp_path / "talk.mp3").write_bytes(b"sound" * 1000)
    tab.set_input_files("#file", tmp_path / "talk.mp3")
    expect(tab.locator("#recording-name")).to_have_text("talk.mp3")
    work.job = tab.evaluate("location.hash").removeprefix("#")

    work.store.eval(*steps.chunks(work.job, 12.0, {}).call)
    work.note("prepare", 3)
    expect(tab.locator("#recording-stage")).to_have_text("Reading the sound, 3 %")
    tab.reload()
    expect(tab.locator("#recording-stage")).to_have_text("Reading the sound, 3 %")
    expect(about).to_have_text("5 KB")
    tab.click(".back")
    row = tab.locator(".job", has_text="talk.mp3")
    expect(row).to_contain_text("Reading the sound, 3 %")
    expect(row).not_to_contain_text("12 s")
    row.locator("a").click()
    expect(about).to_have_text("5 KB")

    work.store.eval(*steps.prepared(work.job, 125.0, 9).call)
    work.note("transcribe", 10)
    expect(about).to_have_text("2 min 5 s · 5 KB")
    tab.click(".back")
    expect(row).to_contain_text("2 min 5 s")
