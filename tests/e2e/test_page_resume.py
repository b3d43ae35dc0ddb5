"""The page goes on with its session, in a real Chromium with a real gateway and Redis and played workers:
over connections that are cut, after a reload, in another window; and begins anew where it cannot."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser

from contracts import keys
from tests.e2e import page as pages
from tests.e2e.page import Page, Sound, visit
from tests.e2e.relay import Relay
from tests.e2e.test_page_chromium import REFUSES_RATES
from tests.eventually import eventually
from tests.played_workers import PlayedWorkers
from tests.running_gateway import RunningGateway, played_pipeline

pytestmark = pytest.mark.skipif(bool(pages.missing()), reason=str(pages.missing()))

Played = tuple[RunningGateway, PlayedWorkers]

OFFER = '[data-notice="offer"]'
GO_ON = f"{OFFER} button >> nth=0"
DISMISS = f"{OFFER} button >> nth=1"

KEPT = "JSON.stringify([Object.keys(sessionStorage), Object.keys(localStorage)])"

FIVE = (0.6, *(1.2,) * 9, 1.5)
"""Five tones of about a second, with pauses that end an utterance."""


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with played_pipeline(tmp_path) as both:
        yield both


def is_whole(page: Page, workers: PlayedWorkers) -> None:
    """Every utterance that was accepted is on the page once, judged, in order, all of one session."""
    accepted = [(task.session, task.utterance) for task in workers.finals]
    assert len(set(accepted)) == len(accepted)
    page.wait_utterances(len(accepted))
    shown = page.utterances
    assert [(row["session"], row["utterance"]) for row in shown] == sorted(accepted)
    assert [row["utterance"] for row in shown] == list(range(1, len(shown) + 1))
    assert all(row["label"] and row["text"].startswith(f"utterance {row['utterance']} of") for row in shown)
    assert len({row["session"] for row in shown}) == 1


def test_many_cuts_lose_nothing_and_double_nothing(played: Played, browser: Browser) -> None:
    gateway, workers = played
    with Relay(gateway.port) as relay, visit(browser, Sound(FIVE)) as (page, _):
        page.open(relay.url)
        page.start()
        for count in range(1, 5):
            page.wait_utterances(count)
            relay.cut()
            page.tab.wait_for_selector(f'[data-mark="reconnected"] >> nth={count - 1}')
        page.wait_utterances(5)
        page.stop()
        is_whole(page, workers)
    spoken = [task.end - task.start for task in workers.finals]
    assert len(spoken) == 5 and all(1.2 < seconds < 2.2 for seconds in spoken), spoken


def test_a_result_that_was_on_its_way_when_the_connection_broke_comes(played: Played, browser: Browser) -> None:
    gateway, workers = played
    workers.held.set()
    with Relay(gateway.port) as relay, visit(browser, Sound(FIVE)) as (page, _):
        page.open(relay.url)
        page.start()
        eventually(lambda: workers.finals)
        page.tab.click("#stop")
        relay.cut()
        page.wait_state("stopping")
        workers.held.clear()
        page.wait_state("ended")
        is_whole(page, workers)
        assert page.tab.locator("[data-notice]").count() == 0


def test_a_reload_in_mid_speech_goes_on_with_the_session(played: Played, browser: Browser) -> None:
    gateway, workers = played
    with visit(browser, Sound(FIVE)) as (page, _):
        page.open(gateway.url)
        assert page.tab.locator(OFFER).count() == 0
        page.start()
        page.wait_utterances(1)
        workers.held.set()
        eventually(lambda: len(workers.finals) >= 2)
        page.tab.reload()
        workers.held.clear()
        assert "still on the server" in page.wait_notice("offer")
        before = len(workers.finals)
        page.tab.click(GO_ON)
        assert page.tab.locator(OFFER).count() == 0
        page.tab.wait_for_selector('[data-mark="resumed"]')
        page.wait_utterances(before + 2)
        page.stop()
        is_whole(page, workers)
        times = [task.end for task in sorted(workers.finals, key=lambda task: task.utterance)]
        page.tab.click("#save summary")
        with page.tab.expect_download() as download:
            page.tab.click("#save-json")
        saved = json.loads(Path(download.value.path()).read_text())
        assert [row["end"] for row in saved["utterances"]] == pytest.approx(times, abs=0.001)
        assert times == sorted(times)
        assert page.tab.get_attribute("#horizon", "aria-label") is not None
        assert page.tab.evaluate(KEPT) == "[[],[]]"
        page.tab.reload()
        page.wait_state("idle")
        assert page.tab.locator(OFFER).count() == 0


def test_a_session_goes_on_at_the_rate_of_another_browser(played: Played, browser: Browser) -> None:
    """Its seconds stay what they were, although its samples are counted otherwise."""
    gateway, workers = played
    with visit(browser, Sound(FIVE)) as (page, context):
        page.open(gateway.url)
        page.start()
        page.wait_utterances(1)
        context.add_init_script(REFUSES_RATES)
        page.tab.reload()
        page.tab.click(GO_ON)
        page.wait_utterances(4)
        page.stop()
        is_whole(page, workers)
    spoken = sorted((task.start, task.end) for task in workers.finals)
    assert all(1.2 < end - start < 2.2 for start, end in spoken[-3:-1]), spoken
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spoken)), spoken


def test_the_offer_with_the_keyboard_and_in_korean(played: Played, browser: Browser) -> None:
    gateway, workers = played
    with visit(browser, Sound(FIVE), locale="ko-KR") as (page, _):
        page.open(gateway.url)
        page.tab.select_option("#language", "ko", force=True)
        page.start()
        page.wait_utterances(1)
        page.tab.reload()
        assert "서버에 있습니다" in page.wait_notice("offer")
        assert "서버에 있습니다" in page.tab.inner_text("#announcer")
        page.tab.focus("#start")
        page.tab.keyboard.press("Shift+Tab")
        page.tab.keyboard.press("Shift+Tab")
        page.tab.keyboard.press("Enter")
        page.tab.wait_for_selector("#stop:focus")
        page.wait_utterances(2)
        assert page.tab.input_value("#language") == "ko"
        assert {task.language for task in workers.finals} == {"ko"}
        page.stop()
        is_whole(page, workers)


def test_an_offer_that_is_declined_does_not_come_again(played: Played, browser: Browser) -> None:
    gateway, _ = played
    with visit(browser, Sound(FIVE, loop=True)) as (page, _context):
        page.open(gateway.url)
        page.start()
        page.wait_utterances(1)
        page.tab.reload()
        page.tab.click(DISMISS)
        page.tab.wait_for_selector("#start:focus")
        assert page.tab.evaluate(KEPT) == "[[],[]]"
        page.start()
        page.wait_utterances(1)
        page.tab.reload()
        page.tab.wait_for_selector(OFFER)
        page.start()  # choosing a new one is declining, too
        page.wait_state("listening")
        assert page.tab.locator(OFFER).count() == 0
        page.wait_utterances(1)
        page.stop()
        assert page.tab.evaluate(KEPT) == "[[],[]]"


def test_a_session_that_the_server_has_lost_is_told_and_a_new_one_begins(played: Played, browser: Browser) -> None:
    gateway, workers = played
    with visit(browser, Sound(FIVE)) as (page, _):
        page.open(gateway.url)
        page.start()
        page.wait_utterances(1)
        lost = page.utterances[0]["session"]
        page.tab.reload()
        with redis.Redis.from_url(gateway.settings.redis_url) as client:
            eventually(lambda: client.delete(keys.session(lost)) or not client.exists(keys.session(lost)))
        page.tab.click(GO_ON)
        assert "a new one has begun" in page.wait_notice("forgotten")
        page.wait_utterances(1)
        page.stop()
        assert lost not in {row["session"] for row in page.utterances}
        assert all(row["label"] for row in page.utterances)


def test_a_second_window_takes_the_session_over(played: Played, browser: Browser) -> None:
    """A duplicated tab has the first one's sessionStorage."""
    gateway, workers = played
    with visit(browser, Sound(FIVE, loop=True)) as (page, context):
        page.open(gateway.url)
        page.start()
        page.wait_utterances(1)
        with context.expect_page() as opened:
            page.tab.evaluate("void window.open(location.href)")
        other = Page(opened.value)
        other.tab.click(GO_ON)
        page.wait_state("ended")
        assert "goes on in another window" in page.wait_notice("taken_over")
        other.wait_utterances(2)
        other.stop()
        assert other.utterances[0]["session"] == page.utterances[0]["session"]
        is_whole(other, workers)
        assert page.tab.locator(OFFER).count() == 0
        assert not other.complaints
