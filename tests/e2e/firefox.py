"""The page as a test uses it, in a real Firefox: the verbs of `page.py`, spoken as WebDriver BiDi
(https://w3c.github.io/webdriver-bidi/), which Firefox offers by itself, over one WebSocket."""

import base64
import contextlib
import itertools
import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from websockets.sync.client import ClientConnection, connect

from tests.e2e import firefox_sound
from tests.e2e.firefox_sound import Sound
from tests.eventually import PATIENCE, eventually
from tests.processes import Process

PREFERENCES = {
    "intl.accept_languages": "en-US",
    "media.autoplay.default": 0,
    "media.navigator.permission.disabled": True,  # as if the person had said yes
    "media.navigator.streams.fake": False,
    "network.connectivity-service.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.proxy.type": 0,
}

UTTERANCES = """() => JSON.stringify([...document.querySelectorAll(".utterance")].map((row) => ({
  utterance: Number(row.dataset.utterance),
  session: row.dataset.session,
  label: row.dataset.label || null,
  text: row.querySelector(".words").innerText,
})))"""


class Refused(Exception):
    """The browser's answer to a command was an error."""


def missing() -> str | None:
    """Why no Firefox with a microphone can run here, or None."""
    absent = [name for name in ("firefox-esr",) if not shutil.which(name)] + firefox_sound.missing()
    return f"not installed: {', '.join(absent)}" if absent else None


class Browser:
    """A WebDriver BiDi session with one tab. `complaints` collects what its console and the page's
    scripts complained of."""

    def __init__(self, socket: ClientConnection) -> None:
        self.complaints: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self.ask("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.tab = self.ask("browsingContext.create", type="tab")["context"]

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result. Raises Refused, TimeoutError."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := json.loads(self._socket.recv(PATIENCE))).get("id") != number:
            self._note(message)
        if message["type"] != "success":
            raise Refused(f"{method}: {message['error']}: {message['message']}")
        return cast(dict[str, Any], message["result"])

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
            self.complaints.append(message["params"]["text"])

    def run(self, function: str, *arguments: str) -> Any:
        """The value that a JavaScript function gives for these texts."""
        values = [{"type": "string", "value": argument} for argument in arguments]
        answer = self.ask(
            "script.callFunction",
            functionDeclaration=function,
            arguments=values,
            target={"context": self.tab},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise Refused(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def go(self, url: str) -> None:
        self.ask("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def click(self, selector: str) -> None:
        """With a pointer, as a person does: only that is a gesture to the browser."""
        locator = {"type": "css", "value": selector}
        (node,) = self.ask("browsingContext.locateNodes", context=self.tab, locator=locator)["nodes"]
        origin = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        steps = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": steps}
        self.ask("input.performActions", context=self.tab, actions=[mouse])

    def screenshot(self, path: Path) -> Path:
        path.write_bytes(base64.b64decode(self.ask("browsingContext.captureScreenshot", context=self.tab)["data"]))
        return path


class Page:
    """One tab with the page."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def open(self, url: str, raw: bool = True, state: str = "idle") -> None:
        """`raw`: without the browser's echo, noise and level processing."""
        self.browser.go(f"{url}/?raw={int(raw)}")
        self.wait_state(state)

    def wait_state(self, *states: str) -> None:
        def reached() -> bool:
            assert self.state in states, f"the page is {self.state!r}"
            return True

        eventually(reached)

    def start(self) -> None:
        self.browser.click("#start")

    def stop(self) -> None:
        """Press stop and wait for everything said."""
        self.browser.click("#stop")
        self.wait_state("ended")

    @property
    def state(self) -> str:
        return str(self.browser.run("() => document.body.dataset.state"))

    def wait_notice(self, kind: str) -> str:
        return str(eventually(lambda: self._text(f'[data-notice="{kind}"]')))

    @property
    def partial(self) -> str:
        """Words that are tentative now."""
        return self._text(".utterance.partial .words")

    def _text(self, selector: str) -> str:
        return str(self.browser.run("(selector) => document.querySelector(selector)?.innerText ?? ''", selector))

    @property
    def utterances(self) -> list[dict[str, Any]]:
        """Text, label, number and session of every utterance shown, from the top."""
        return cast(list[dict[str, Any]], json.loads(self.browser.run(UTTERANCES)))


@contextlib.contextmanager
def visit(sound: Sound) -> Iterator[Page]:
    """A fresh visitor whose microphone is `sound`; the page must not have complained when the visit ends."""
    with tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as folder:
        profile = Path(folder)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
        (profile / "user.js").write_text("".join(lines))
        words = ["firefox-esr", "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"]
        environ = sound.environ | {"HOME": folder, "MOZ_CRASHREPORTER_DISABLE": "1"}
        with Process("firefox", shlex.join(words), profile, environ) as process:
            pattern = r"WebDriver BiDi listening on (ws://[\d.:]+)"
            process.wait_for("WebDriver BiDi listening on ws://")
            address = eventually(lambda: re.search(pattern + r"\s", process.output))
            session = f"{address[1]}/session"
            with connect(session, max_size=None, proxy=None, open_timeout=PATIENCE, ping_interval=None) as socket:
                browser = Browser(socket)
                try:
                    yield Page(browser)
                except AssertionError as error:
                    error.add_note(f"Firefox complained: {browser.complaints}")
                    raise
                assert not browser.complaints, browser.complaints
                browser.ask("browser.close")
            eventually(lambda: not process.running)
