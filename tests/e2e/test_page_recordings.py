"""Recordings on the page: a real Chromium, every process of the Procfile, the shipped models. Somebody sends a
file, reads its words as they come, hears them beside the text, saves, comes back, cancels, erases."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import redis
from playwright.sync_api import Browser, BrowserContext, Locator

from tests.e2e import page as pages
from tests.e2e.page import Page, visit
from tests.e2e.relay import Relay
from tests.e2e.test_recordings import CLIPS, recording
from tests.e2e.test_unreadable import breaks
from tests.eventually import eventually
from tests.processes import Pipeline
from tests.speech import words

pytestmark = pytest.mark.skipif(bool(pages.missing()), reason=str(pages.missing()))

DONE = '#recording[data-status="completed"] #recording-overall:not([hidden])'

DROP = """(body, [name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  for (const kind of ["dragenter", "dragover", "drop"]) body.dispatchEvent(
    new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
}"""

JSON_FORM = "async () => (await fetch(document.querySelector('[data-format=json]').href)).text()"


@pytest.fixture
def visitor(pipeline: Pipeline, browser: Browser) -> Iterator[tuple[Page, BrowserContext]]:
    """Somebody new, who looks at the recordings."""
    with visit(browser) as (page, context):
        page.open(pipeline.url)
        page.tab.click("#nav-recordings")
        yield page, context


def segments(page: Page) -> list[dict[str, str | None]]:
    rows = page.tab.locator("#segments .utterance").evaluate_all(pages.SHOWN)
    return [{"text": row["text"], "label": row["label"]} for row in rows]


def send(page: Page, *paths: Path) -> None:
    page.tab.set_input_files("#file", list(paths))


def row(page: Page, name: str, status: str) -> Locator:
    found = page.tab.locator(f'.job[data-status="{status}"]', has_text=name)
    found.wait_for()
    return found


def listed(page: Page) -> list[str]:
    return cast(list[str], page.tab.locator("#jobs .job").evaluate_all("(rows) => rows.map((row) => row.dataset.job)"))


def test_from_a_file_to_its_words_and_back_after_a_reload(visitor: tuple[Page, BrowserContext], tmp_path: Path) -> None:
    page, _ = visitor
    tab = page.tab
    path = recording(tmp_path / "four sentences.flac", CLIPS, seed=11)
    send(page, path)
    tab.wait_for_selector(DONE)
    shown = segments(page)
    assert [words(row["text"] or "") for row in shown] == [words(clip.text) for clip in CLIPS]
    assert [row["label"] for row in shown] == [clip.label for clip in CLIPS]
    assert tab.inner_text("#recording-name") == "four sentences.flac"
    assert "English" in tab.inner_text("#recording-about")
    assert "judged utterances" in (tab.get_attribute("#course", "aria-label") or "")
    assert str(sum(len(words(clip.text)) for clip in CLIPS)) in tab.inner_text("#recording-overall .numbers")

    tab.click("#segments .utterance:nth-child(3) .words")  # the sound jumps there
    tab.wait_for_selector('#segments .utterance:nth-child(3)[aria-current="true"]')
    tab.wait_for_selector('#segments .utterance:nth-child(4)[aria-current="true"]')  # and goes on
    with tab.expect_download() as download:
        tab.click('#exports [data-format="srt"]')
    assert download.value.suggested_filename == "four sentences.srt"
    assert "1\n00:00:0" in Path(download.value.path()).read_text()

    tab.reload()
    tab.wait_for_selector(DONE)
    assert segments(page) == shown
    assert tab.is_visible("#player-choose"), "the page has no sound of its own"
    tab.set_input_files("#player-file", path)
    tab.wait_for_selector("#player-controls:not([hidden])")
    tab.click(".back")
    row(page, path.name, "completed").locator("a").click()
    tab.wait_for_selector(DONE)
    tab.click("#recording-cancel")
    tab.wait_for_selector("#jobs-empty:not([hidden])")
    assert "Nothing yet" in tab.inner_text("#jobs-empty")


def test_a_recording_is_followed_through_a_reload_and_a_cut_and_cancelled(
    pipeline: Pipeline, browser: Browser, tmp_path: Path
) -> None:
    with Relay(pipeline.port) as relay, visit(browser) as (page, _):
        tab = page.tab
        page.open(relay.url)
        send(page, recording(tmp_path / "long.flac", CLIPS * 25, seed=12))  # by the button beside the welcome
        tab.wait_for_selector("#segments .utterance")
        assert "%" in tab.inner_text("#recording-stage")
        tab.reload()
        tab.wait_for_selector("#segments .utterance")
        relay.cut()
        known = len(segments(page))
        eventually(lambda: len(segments(page)) > known)
        tab.click("#recording-cancel")
        tab.wait_for_selector('#recording[data-status="cancelled"]')
        assert tab.inner_text("#recording-stage") == "Cancelled"
        tab.click(".back")
        row(page, "long.flac", "cancelled")
        page.complaints.clear()  # the browser's own remarks on the connection that was cut


def test_what_is_no_recording_is_told_in_words(visitor: tuple[Page, BrowserContext]) -> None:
    page, _ = visitor
    page.tab.locator("body").evaluate(DROP, ["notes.wav", "not a recording\n" * 1000])
    assert "not a recording in a known format" in page.wait_notice("failed")
    assert not page.tab.is_visible("#player")
    page.tab.click(".back")
    assert "known format" in row(page, "notes.wav", "failed").inner_text()


def test_one_that_cannot_be_read_ends_its_page_of_the_list_and_is_erased(
    visitor: tuple[Page, BrowserContext], pipeline: Pipeline
) -> None:
    page, context = visitor
    tab = page.tab
    address = f"{pipeline.url}/v1/jobs"
    sent = [context.request.post(address, data=b"no sound %d" % number).json()["id"] for number in range(22)]
    bad, *good, worse = reversed(sent)  # as the list has them: 20 on a page
    with redis.from_url(pipeline.redis_url) as store:
        for job in (bad, worse):
            breaks(store, job, "another version's")
    tab.reload()
    row(page, bad, "unreadable")
    assert listed(page) == [*good[:19], bad]
    tab.click("#jobs-older")
    told = row(page, worse, "unreadable").inner_text()
    assert "cannot read it" in told and not tab.locator(f'[data-job="{worse}"] a').count()
    assert listed(page) == [*good[:19], bad, good[19], worse]
    tab.get_by_role("button", name=f"Erase {bad}").click()
    tab.wait_for_selector(f'[data-job="{bad}"]', state="detached")
    assert "erased" in (tab.text_content("#recordings-say") or "")
    tab.get_by_role("button", name=f"Erase {worse}").click()
    tab.wait_for_selector(f'[data-job="{worse}"]', state="detached")
    eventually(lambda: listed(page) == good)  # an answer that was on its way may bring one back for a moment
    assert context.request.get(f"{address}?limit=100").json()["unreadable"] == []


def test_what_is_too_large_is_not_sent_at_all(visitor: tuple[Page, BrowserContext], tmp_path: Path) -> None:
    page, _ = visitor
    page.tab.wait_for_selector("#jobs-empty:not([hidden])")
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.truncate((2 << 30) + 1)  # holes: it takes no room
    send(page, path)
    told = page.tab.wait_for_selector('.upload[data-phase="failed"]').inner_text()
    assert "at most 2.0 GB" in told


def test_a_server_that_is_away_is_told_and_an_upload_goes_on_when_it_is_back(
    visitor: tuple[Page, BrowserContext], tmp_path: Path
) -> None:
    page, context = visitor
    context.set_offline(True)
    send(page, recording(tmp_path / "later.flac", CLIPS[:1], seed=13))
    told = page.tab.wait_for_selector('.upload[data-phase="again"]').inner_text()
    assert "offline" in told and "again" in told
    context.set_offline(False)
    page.tab.wait_for_selector(DONE)
    page.complaints.clear()  # the browser's own remarks on the request that could not leave


def test_somebody_else_sees_nothing_of_it_and_korean_is_spoken(
    visitor: tuple[Page, BrowserContext], browser: Browser, pipeline: Pipeline, tmp_path: Path
) -> None:
    page, _ = visitor
    send(page, recording(tmp_path / "mine.flac", CLIPS[:1], seed=14))
    page.tab.wait_for_selector(DONE)
    with visit(browser, locale="ko-KR") as (other, _):
        other.open(pipeline.url)
        other.tab.goto(f"{pipeline.url}/{page.tab.evaluate('location.hash')}")
        assert "찾을 수 없습니다" in other.wait_notice("refused")
        other.tab.click(".back")
        assert "아직 없습니다" in other.tab.wait_for_selector("#jobs-empty:not([hidden])").inner_text()
        other.complaints.clear()  # the browser's own remark on the 404 that the page reads
    saved = json.loads(page.tab.evaluate(JSON_FORM))
    assert words(saved["text"]) == words(CLIPS[0].text)
