"""The page as a test uses it: a Chromium, and what a person would press and read.

Its microphone is a device that Chromium plays, from a WAV file if there is one. A machine with more work than
it can do loses pieces of such a device's sound, so a test that counts what was said gives its visit a `Sound`
instead: samples that the page's own audio graph plays in the device's place, however late each of them.

The page's Content-Security-Policy refuses `eval`, so nothing here waits with a JavaScript predicate:
waits are selectors on the page's stable ids and data attributes.
"""

import contextlib
import json
import shutil
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Playwright
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

PLAYS = """
{
  const { lengths, loop } = %s;
  const join = AudioContext.prototype.createMediaStreamSource;
  AudioContext.prototype.createMediaStreamSource = function (stream) {
    join.call(this, stream); // and what the browser says to that
    const rate = this.sampleRate;
    const ends = lengths.map((_, n) => lengths.slice(0, n + 1).reduce((sum, length) => sum + length, 0));
    const samples = Float32Array.from({ length: Math.round(ends.at(-1) * rate) }, (_, at) =>
      ends.findIndex((end) => at < end * rate) %% 2 ? 0.95 * Math.sin((2 * Math.PI * 300 * at) / rate) : 0);
    const buffer = this.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this, { buffer, loop });
    source.start();
    return source;
  };
}
"""

SHOWN = """(rows) => rows.map((row) => ({
  utterance: Number(row.dataset.utterance),
  session: row.dataset.session,
  label: row.dataset.label || null,
  text: row.querySelector(".words").innerText,
}))"""


def missing() -> str | None:
    """Why no Chromium can run here, or None."""
    return None if shutil.which("chromium") else "chromium is not installed"


@dataclass(frozen=True)
class Sound:
    """Alternately silence and a loud tone, each so many seconds; from its beginning for each listening."""

    lengths: tuple[float, ...]
    loop: bool = False

    @property
    def script(self) -> str:
        return PLAYS % json.dumps({"lengths": self.lengths, "loop": self.loop})


def write_microphone(path: Path, samples: Samples) -> Path:
    """float32 samples at MICROPHONE_RATE as the 16-bit WAV that the fake device reads (it takes 24-bit
    files, and missing ones, for silence)."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, MICROPHONE_RATE, 0, "NONE", ""))
        file.writeframes(to_s16le(samples))
    return path


def hush(seconds: float) -> Samples:
    """Silence at MICROPHONE_RATE."""
    return np.zeros(round(seconds * MICROPHONE_RATE), np.float32)


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

    def wait_state(self, *states: str) -> None:
        selector = ", ".join(f'body[data-state="{state}"]' for state in states)
        self.tab.wait_for_selector(selector)

    def start(self) -> None:
        self.tab.click("#start")

    def stop(self) -> None:
        """Press stop and wait for everything said."""
        self.tab.click("#stop")
        self.wait_state("ended")

    @property
    def status(self) -> str:
        return self.tab.inner_text("#status")

    def wait_notice(self, kind: str) -> str:
        return self.tab.wait_for_selector(f'[data-notice="{kind}"]').inner_text()

    def wait_utterances(self, count: int) -> None:
        """Until so many are final and have a result."""
        judged = self.tab.locator(".utterance:not(.partial):has(.mood:not(.waiting))")
        judged.nth(count - 1).wait_for()

    @property
    def partial(self) -> str:
        """Words that are tentative now."""
        return "".join(self.tab.locator(".utterance.partial .words").all_inner_texts())

    @property
    def utterances(self) -> list[dict[str, Any]]:
        """Text, label, number and session of every utterance shown, from the top, at one moment."""
        return cast(list[dict[str, Any]], self.tab.locator(".utterance").evaluate_all(SHOWN))


@contextlib.contextmanager
def chromium(
    playwright: Playwright, *flags: str, microphone: Path | None = None, device: bool = True, allow: bool = True
) -> Iterator[Browser]:
    """A browser whose microphone plays the file, from its beginning for each listening, or something; with
    `allow` it grants the permission by itself."""
    own = list(flags)
    if device:
        own += ["--use-fake-device-for-media-stream"]
    if microphone:
        own += [f"--use-file-for-fake-audio-capture={microphone}%noloop"]
    if allow:
        own += ["--use-fake-ui-for-media-stream"]
    program = shutil.which("chromium")
    browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *own], timeout=1000 * PATIENCE)
    try:
        yield browser
    finally:
        browser.close()


@contextlib.contextmanager
def visit(browser: Browser, sound: Sound | None = None, **options: Any) -> Iterator[tuple[Page, BrowserContext]]:
    """A fresh visitor; the page must not have complained when the visit ends."""
    context = browser.new_context(
        **{"locale": "en-US", "accept_downloads": True, "ignore_https_errors": True, **options}
    )
    context.set_default_timeout(1000 * PATIENCE)
    if sound:
        context.add_init_script(sound.script)
    page = Page(context.new_page())
    try:
        yield page, context
    finally:
        context.close()
    assert not page.complaints, page.complaints
