"""What the server says, on the Korean page: by its code, in Korean, with its numbers; and anew when the language is
changed. The ends of recordings are the conductor's, put by the test into a real Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser, expect

from contracts.job_messages import FAILED, Ended
from fastapi_service.recordings import steps
from fastapi_service.recordings.refusal import TOO_LONG, BadRecording, damaged
from tests.e2e import page as pages
from tests.e2e.page import Page, Sound, visit
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway

pytestmark = pytest.mark.skipif(bool(pages.missing()), reason=str(pages.missing()))

Seen = tuple[Page, "redis.Redis"]


@pytest.fixture
def seen(tmp_path: Path, browser: Browser) -> Iterator[Seen]:
    """Somebody who reads Korean; the workers cannot write anything down."""
    with (
        RedisServer(tmp_path) as server,
        PlayedWorkers(server.url, words=lambda task, pcm: None),
        RunningGateway(server.url, storage_url=str(tmp_path / "kept")) as gateway,
        redis.from_url(server.url) as store,
        visit(browser, Sound((0.6, 1.2, 1.2)), locale="ko-KR") as (page, _),
    ):
        page.open(gateway.url)
        yield page, store


def sent(page: Page, path: Path) -> str:
    """The job of a file that is sent, and opened."""
    path.write_bytes(path.name.encode())
    page.tab.set_input_files("#file", path)
    expect(page.tab.locator("#recording-name")).to_have_text(path.name)
    return str(page.tab.evaluate("location.hash")).removeprefix("#")


def test_a_part_that_failed(seen: Seen) -> None:
    page, _ = seen
    page.start()
    trouble = page.tab.locator(".utterance .trouble")
    expect(trouble).to_have_text("이 부분은 받아쓰지 못했습니다: 음성 모델이 실패했습니다(Played).")
    page.stop()


def test_a_recording_that_failed_and_one_that_is_damaged(seen: Seen, tmp_path: Path) -> None:
    page, store = seen
    note = page.tab.locator('[data-notice="note"]')
    store.eval(*steps.prepared(sent(page, tmp_path / "damaged.mp3"), 60.0, 9, damaged(1.5, 3).message).call)
    page.tab.reload()
    expect(note).to_have_text("파일이 3군데 손상되었습니다(처음은 1.5초). 나머지는 읽었습니다.")
    page.tab.select_option("#interface-language", "en")
    expect(note).to_have_text("The file is damaged at 3 places, first at 1.5 s; the rest was read.")
    page.tab.select_option("#interface-language", "ko")
    page.tab.click(".back")

    told = "녹음이 허용된 4시간보다 깁니다. 짧게 나눠 하나씩 보내 주세요."
    job = sent(page, tmp_path / "long.mp3")
    why = BadRecording(TOO_LONG, hours="4")
    store.eval(*steps.end(Ended(job, FAILED, why.code, str(why)), 60).call)
    expect(page.tab.locator('[data-notice="failed"]')).to_have_text(told)
    page.tab.click(".back")
    expect(page.tab.locator(".job", has_text="long.mp3").locator(".status-word")).to_have_text(told)


def test_a_recording_that_is_not_there(seen: Seen) -> None:
    page, _ = seen
    page.tab.evaluate("location.hash = 'job-nobodys'")
    assert page.wait_notice("refused").startswith("찾을 수 없습니다. 주소가 틀렸거나")
    page.complaints.clear()  # the browser's own remark on the 404 that the page reads
