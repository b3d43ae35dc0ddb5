"""The page in a real Chromium with a real gateway and Redis and played workers: capture, captions,
files, a network that breaks. The words of the shipped models are in `test_browsers.py`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e import page as pages
from tests.e2e.page import Page, Sound, visit
from tests.e2e.relay import Relay
from tests.played_workers import PlayedWorkers
from tests.running_gateway import RunningGateway, played_pipeline

pytestmark = pytest.mark.skipif(bool(pages.missing()), reason=str(pages.missing()))

Played = tuple[RunningGateway, PlayedWorkers]

THREE = (0.6, *(1.2,) * 6)
"""Three tones of about a second, with pauses that end an utterance."""

REFUSES_RATES = """
const join = AudioContext.prototype.createMediaStreamSource;
AudioContext.prototype.createMediaStreamSource = function (stream) {
  if (this.sampleRate === 16000) throw new DOMException("different sample-rate", "NotSupportedError");
  return join.call(this, stream);
};
"""


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with played_pipeline(tmp_path) as both:
        yield both


def test_captions_summary_and_files(played: Played, browser: Browser) -> None:
    gateway, workers = played
    with visit(browser, Sound(THREE)) as (page, _):
        page.open(gateway.url)
        page.start()
        page.wait_utterances(3)
        page.stop()
        shown = page.utterances
        assert [row["utterance"] for row in shown] == [1, 2, 3]
        assert all(row["text"].startswith(f"utterance {row['utterance']} of") for row in shown)
        assert all(row["label"] for row in shown)
        assert "15 words in 3 utterances" in page.tab.inner_text("#summary")
        page.tab.click("#save summary")
        saved = json.loads(_download(page, "#save-json"))
        assert [row["text"] for row in saved["utterances"]] == [row["text"] for row in shown]
        text = _download(page, "#save-txt")
        assert all(row["text"] in text for row in shown)
    spoken = [task.end - task.start for task in workers.tasks if task.kind == "final"]
    assert len(spoken) == 3 and all(1.2 < seconds < 2.2 for seconds in spoken), spoken


def _download(page: Page, button: str) -> str:
    with page.tab.expect_download() as download:
        page.tab.click(button)
    return Path(download.value.path()).read_text()


def test_a_cut_connection_loses_no_words(played: Played, browser: Browser) -> None:
    """Cut in the middle of the second tone: the session that goes on hears all of it."""
    gateway, workers = played
    with Relay(gateway.port) as relay, visit(browser, Sound(THREE)) as (page, _):
        page.open(relay.url)
        page.start()
        page.wait_utterances(1)
        page.tab.wait_for_selector(".utterance >> nth=1")
        relay.cut()
        page.tab.wait_for_selector('[data-mark="reconnected"]')
        page.wait_utterances(3)
        page.stop()
        assert len(page.utterances) == 3
    spoken = [task.end - task.start for task in workers.tasks if task.kind == "final"]
    assert len(spoken) == 3 and all(1.2 < seconds < 2.2 for seconds in spoken), spoken


def test_a_network_that_goes_silent_is_noticed(played: Played, browser: Browser) -> None:
    gateway, _ = played
    with Relay(gateway.port) as relay, visit(browser, Sound(THREE, loop=True)) as (page, _):
        page.open(relay.url)
        page.start()
        page.wait_utterances(1)
        relay.stall()
        page.wait_state("reconnecting")
        assert "Reconnecting" in page.status
        relay.flow()
        page.wait_state("listening")
        page.stop()


def test_a_browser_that_does_not_join_rates_sends_its_own(played: Played, browser: Browser) -> None:
    gateway, workers = played
    with visit(browser, Sound(THREE)) as (page, context):
        context.add_init_script(REFUSES_RATES)
        page.open(gateway.url)
        page.start()
        page.wait_utterances(1)
        page.stop()
    first = next(task for task in workers.tasks if task.kind == "final")
    assert 1.2 < first.end - first.start < 2.2


def test_a_full_server_lets_in_when_a_place_is_free(tmp_path: Path, browser: Browser) -> None:
    with played_pipeline(tmp_path, max_sessions=1) as (gateway, _):
        with visit(browser, Sound(THREE, loop=True)) as (page, _context):
            with gateway.connect() as other:
                other.say("start")
                other.wait_for("ready")
                page.open(gateway.url)
                page.start()
                page.wait_state("full")
                assert "place" in page.tab.wait_for_selector('[data-notice^="full"]').inner_text()
            page.wait_state("listening")
            page.wait_utterances(1)
