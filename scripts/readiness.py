"""Asks /health/ready until a clip has gone through both queues, and puts its answer into words."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from threading import Event
from typing import Any

ASK_EVERY_SECONDS = 0.5
TELL_EVERY_SECONDS = 15.0

DEMONSTRATION = (
    "DEMONSTRATION MODELS: they know only the words they were made with. The model hub could not be reached "
    "(or DEMO_MODELS=always is set). Connect and start again, or name files: "
    "WHISPER_MODEL=/path/base.pt SENTIMENT_MODEL=/path/model make run"
)


def ask(health_url: str) -> dict[str, Any] | None:
    """The report, ready or not; None while nothing (or something else) answers there."""
    try:
        with urllib.request.urlopen(health_url, timeout=10) as answer:
            body = answer.read()
    except urllib.error.HTTPError as refusal:
        body = refusal.read()
    except OSError:
        return None
    try:
        report = json.loads(body)
    except ValueError:
        return None
    return report if isinstance(report, dict) else None


def wait(health_url: str, stop: Event, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """The first report that says ready; None when `stop` is set before. `tell` hears from time to
    time what is still missing."""
    waited = 0.0
    while not stop.is_set():
        report = ask(health_url)
        if report and report.get("ready"):
            return report
        if waited >= TELL_EVERY_SECONDS:
            waited = 0.0
            tell("Not ready yet: " + "; ".join(missing(report)))
        stop.wait(ASK_EVERY_SECONDS)
        waited += ASK_EVERY_SECONDS
    return None


def missing(report: dict[str, Any] | None) -> list[str]:
    """What the report says of each needed part that is not ready; of the whole only when every part is."""
    if not report:
        return ["the gateway does not answer yet"]
    parts = report.get("parts", {})
    found = {name: part for name, part in parts.items() if part["state"] != "ready" and part.get("needed", True)}
    if len(found) > 1:
        found.pop("pipeline", None)
    return [f"{name} {part['state']}: {part['reason']}" for name, part in found.items()]


def welcome(report: dict[str, Any], url: str, result_log: str) -> str:
    """What a person needs to know once it runs."""
    models = report.get("models", {})
    lines = [
        "",
        f"  Ready. Open  {url}  allow the microphone, and speak.",
        "",
        f"  Results    tail -F {result_log}",
        f"  Models     {models.get('engine')} {models.get('speech')}, {models.get('sentiment')}",
        "  A file     make demo    (or: .venv/bin/python -m recorder_service stream FILE)",
        "  Stop       Ctrl-C",
    ]
    lines += [f"  Missing    {lack}" for lack in report.get("degraded", [])]
    if report.get("demo_models"):
        lines += ["", f"  {DEMONSTRATION}"]
    return "\n".join([*lines, ""])
