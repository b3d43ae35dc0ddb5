"""The page as a test uses it: a Chromium with a WAV file for a microphone, and what a person would press and read.

The page's Content-Security-Policy refuses `eval`, so nothing here waits with a JavaScript predicate:
waits are selectors on the page's stable ids and data attributes.
"""

import contextlib
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, sync_playwright
from playwright.sync_api import Page as Tab

from contracts.audio import Samples, to_s16le
from tests.eventually import PATIENCE

MICROPHONE_RATE = 44_100
"""The rate of Chromium's fake device; a file of another rate gets samples inserted where it loops."""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


def missing() -> str | None:
    """Why no Chromium can run here, or None."""
    return None if shutil.which("chromium") else "chromium is not installed"


def write_microphone(path: Path, samples: Samples) -> Path:
    """float32 samples at MICROPHONE_RATE as the 16-bit WAV that the fake device reads (it takes 24-bit
    files, and missing ones, for silence)."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, MICROPHONE_RATE, 0, "NONE", ""))
        file.writeframes(to_s16le(samples))
    return path


def tones(*seconds: float) -> Samples:
    """Alternately silence and a loud tone, each so long."""
    parts = []
    for number, length in enumerate(seconds):
        time = np.arange(round(length * MICROPHONE_RATE)) / MICROPHONE_RATE
        parts.append(0.95 * np.sin(2 * np.pi * 300 * time) * (number % 2))
    return np.concatenate(parts).astype(np.float32)


class Page:
    """One tab. `complaints` collects what the browser's console and the page's scripts complained of."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.complaints: list[str] = []
        tab.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        tab.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        not_ready = "503" in message.text and message.location["url"].endswith("/health/ready")
        if message.type == "error" and not not_ready:  # the browser's own remark on an answer that the page reads
            self.complaints.append(message.text)

    def open(self, url: str, raw: bool = True, state: str = "idle") -> None:
        """`raw`: without the browser's echo, noise and level processing."""
        self.tab.goto(f"{url}/?raw={int(raw)}")
        self.wait_state(state)

    def wait_state(self, *states: str, seconds: float = PATIENCE) -> None:
        selector = ", ".join(f'body[data-state="{state}"]' for state in states)
        self.tab.wait_for_selector(selector, timeout=seconds * 1000)

    def start(self) -> None:
        self.tab.click("#start")

    def stop(self, seconds: float = PATIENCE) -> None:
        """Press stop and wait for everything said."""
        self.tab.click("#stop")
        self.wait_state("ended", seconds=seconds)

    @property
    def status(self) -> str:
        return self.tab.inner_text("#status")

    def wait_notice(self, kind: str, seconds: float = PATIENCE) -> str:
        return self.tab.wait_for_selector(f'[data-notice="{kind}"]', timeout=seconds * 1000).inner_text()

    def wait_utterances(self, count: int, seconds: float = PATIENCE) -> None:
        """Until so many are final and have a result."""
        self.judged.nth(count - 1).wait_for(timeout=seconds * 1000)

    def wait_partial(self, seconds: float = PATIENCE) -> str:
        """Words that are still tentative."""
        return self.tab.wait_for_selector(".utterance.partial .words", timeout=seconds * 1000).inner_text()

    @property
    def judged(self) -> Locator:
        return self.tab.locator(".utterance:not(.partial):has(.mood:not(.waiting))")

    @property
    def utterances(self) -> list[dict[str, Any]]:
        """Text, label, number and session of every utterance shown, from the top."""
        return [
            {
                "utterance": int(row.get_attribute("data-utterance") or -1),
                "session": row.get_attribute("data-session"),
                "label": row.get_attribute("data-label") or None,
                "text": row.locator(".words").inner_text(),
            }
            for row in self.tab.locator(".utterance").all()
        ]


@contextlib.contextmanager
def chromium(microphone: Path | None, *flags: str, allow: bool = True, loop: bool = False) -> Iterator[Browser]:
    """A browser whose microphone plays the file, from its beginning for each listening; with `allow`
    it grants the permission by itself. `microphone` None: there is no device."""
    own = list(flags)
    if microphone:
        own += ["--use-fake-device-for-media-stream"]
        own += [f"--use-file-for-fake-audio-capture={microphone}{'' if loop else '%noloop'}"]
    if allow:
        own += ["--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *own])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visit(browser: Browser, **options: Any) -> Iterator[tuple[Page, BrowserContext]]:
    """A fresh visitor; the page must not have complained when the visit ends."""
    context = browser.new_context(
        **{"locale": "en-US", "accept_downloads": True, "ignore_https_errors": True, **options}
    )
    context.set_default_timeout(1000 * PATIENCE)
    page = Page(context.new_page())
    try:
        yield page, context
    finally:
        context.close()
    assert not page.complaints, page.complaints
