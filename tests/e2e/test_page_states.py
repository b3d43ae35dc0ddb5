"""What the page says when the microphone or the surroundings do not play along, in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.e2e import page as pages
from tests.e2e.page import Sound, chromium, visit
from tests.eventually import eventually
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway, played_pipeline

pytestmark = pytest.mark.skipif(bool(pages.missing()), reason=str(pages.missing()))

ONE = Sound((0.6, 1.2, 1.2))
AGAIN_AND_AGAIN = Sound(ONE.lengths, loop=True)

GRANTED_LATE = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  window.granted = await ask(wanted);
  await new Promise((resolve) => (window.grant = resolve));
  return window.granted;
};
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with played_pipeline(tmp_path_factory.mktemp("played")) as (running, _):
        yield running


def test_the_models_are_told_before_the_start(tmp_path: Path, browser: Browser) -> None:
    with (
        RedisServer(tmp_path) as redis,
        PlayedWorkers(redis.url, demo_models=True),
        RunningGateway(redis.url) as gateway,
    ):
        with visit(browser) as (page, _):
            page.open(gateway.url)
            assert "demonstration models" in page.wait_notice("demo")
            page.wait_state("idle")
            page.tab.click("#nav-recordings")
            assert "demonstration models" in page.wait_notice("demo"), "they write down recordings, too"
            page.tab.click('[data-notice="demo"] button')
            page.tab.wait_for_selector('[data-notice="demo"]', state="detached")
            page.tab.click("#nav-live")
            expect(page.tab.locator("#welcome")).to_be_visible()
            assert not page.tab.locator('[data-notice="demo"]').count(), "once is enough"


@pytest.mark.parametrize(("locale", "words"), [("en-US", "still getting ready"), ("ko-KR", "아직 준비 중")])
def test_a_server_that_is_starting_is_told_before_the_start(
    tmp_path: Path, browser: Browser, locale: str, words: str
) -> None:
    with RedisServer(tmp_path) as redis, RunningGateway(redis.url) as gateway:
        with visit(browser, locale=locale) as (page, _):
            page.open(gateway.url)
            told = page.wait_notice("starting")
            assert words in told and "no stt_worker is running" in told
            with PlayedWorkers(redis.url):
                page.tab.wait_for_selector('[data-notice="starting"]', state="detached")
            page.wait_state("idle")


def test_denied_then_allowed(gateway: RunningGateway, playwright: Playwright) -> None:
    with chromium(playwright, allow=False) as browser, visit(browser) as (page, context):
        page.open(gateway.url)
        page.start()
        page.wait_state("denied")
        assert "allow it" in page.wait_notice("denied")
        context.grant_permissions(["microphone"], origin=gateway.url)
        page.wait_state("idle")
        page.start()
        page.wait_state("listening")


def test_permission_withdrawn_while_listening(gateway: RunningGateway, playwright: Playwright) -> None:
    with chromium(playwright, allow=False) as browser, visit(browser, AGAIN_AND_AGAIN) as (page, context):
        context.grant_permissions(["microphone"], origin=gateway.url)
        page.open(gateway.url)
        page.start()
        page.wait_utterances(1)
        context.clear_permissions()
        page.wait_state("ended")
        assert "Everything said before was kept" in page.wait_notice("lost")
        assert page.utterances[0]["text"].startswith("utterance 1")


def test_a_permission_that_comes_after_cancelling_leaves_no_microphone_open(
    gateway: RunningGateway, browser: Browser
) -> None:
    with visit(browser) as (page, context):
        context.add_init_script(GRANTED_LATE)
        page.open(gateway.url)
        page.start()
        page.wait_state("asking")
        eventually(lambda: page.tab.evaluate("Boolean(window.grant)"))
        page.tab.click("#stop")
        page.wait_state("ended")
        page.tab.evaluate("window.grant()")
        eventually(lambda: page.tab.evaluate("window.granted.getTracks()[0].readyState") == "ended")


def test_redis_goes_away_and_comes_back(tmp_path: Path, browser: Browser) -> None:
    with RedisServer(tmp_path) as redis, PlayedWorkers(redis.url), RunningGateway(redis.url) as gateway:
        with visit(browser, AGAIN_AND_AGAIN) as (page, _):
            page.open(gateway.url)
            page.start()
            page.wait_utterances(1)
            redis.kill()
            assert "cannot reach its storage" in page.wait_notice("storage_unavailable")
            redis.start()
            page.wait_state("listening")
            page.wait_utterances(len(page.utterances) + 1)
            eventually(lambda: page.tab.locator("[data-notice]").count() == 0)
            page.stop()


def test_no_device(gateway: RunningGateway, playwright: Playwright) -> None:
    with chromium(playwright, device=False) as browser, visit(browser) as (page, _):
        page.open(gateway.url)
        page.start()
        page.wait_state("nodevice")
        assert "Plug one in" in page.wait_notice("nodevice")


def test_a_microphone_that_gives_zeros(gateway: RunningGateway, browser: Browser) -> None:
    with visit(browser, Sound((1.0,), loop=True)) as (page, _):
        page.open(gateway.url)
        page.start()
        page.wait_state("silent")
        assert "complete silence" in page.wait_notice("zeros")
        page.tab.click("#mute")
        page.wait_state("muted")
        page.stop()
        assert "No words were heard" in page.tab.inner_text("#summary")


def test_without_https(gateway: RunningGateway, playwright: Playwright) -> None:
    with chromium(playwright, "--host-resolver-rules=MAP page.test 127.0.0.1") as browser, visit(browser) as (page, _):
        page.open(gateway.url.replace("127.0.0.1", "page.test"), state="insecure")
        assert "https://" in page.wait_notice("insecure")
        assert page.tab.is_disabled("#start")
        # the browser's own remark on plain HTTP, about a header that works over HTTPS only
        page.complaints = [text for text in page.complaints if "Cross-Origin-Opener-Policy" not in text]


def test_korean_and_the_keyboard_alone(gateway: RunningGateway, browser: Browser) -> None:
    with visit(browser, ONE, locale="ko-KR") as (page, _):
        page.open(gateway.url)
        assert page.tab.get_attribute("html", "lang") == "ko"
        assert page.status == "준비되었습니다"
        page.tab.focus("#start")
        page.tab.keyboard.press("Enter")
        page.wait_utterances(1)
        page.tab.wait_for_selector("#stop:focus")
        assert page.tab.inner_text("#announcer").startswith("utterance 1")
        page.tab.keyboard.press("Space")
        page.wait_state("ended")
        page.tab.select_option("#interface-language", "en")
        assert page.status == "Ended"


def test_a_narrow_phone_needs_no_sideways_scrolling(gateway: RunningGateway, browser: Browser) -> None:
    phone = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
    with visit(browser, **phone) as (page, _):
        page.open(gateway.url)
        page.tab.click("#settings summary")
        assert page.tab.is_visible("#language")
        assert page.tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
