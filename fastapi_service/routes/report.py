"""What /health/ready says, built from what was measured: each part's state, what waits, what is missing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi_service.backlog import Backlog
from fastapi_service.load import Load
from fastapi_service.probe import Probe
from fastapi_service.workers import ANALYZER, NEEDED, STT, WANTED, Crew, why

OVERDUE_SECONDS = 30.0
"""Sweeps come twice a second and move every deadline that they look at."""

REAL_MODELS = (
    "The small shipped models stand in for real ones: they know only the words they were made with. "
    "Let the workers reach the model hub, or name files with WHISPER_MODEL and SENTIMENT_MODEL, "
    "without DEMO_MODELS=always, and start them again."
)


@dataclass(frozen=True)
class Seen:
    """`away` says why Redis does not answer, if so; then nothing else is known."""

    away: str | None
    crew: Crew
    probe: Probe
    load: Load


def ready(seen: Seen) -> dict[str, Any]:
    """`ready` is decided by the parts that speech needs to become results; what is missing of the
    others is `degraded`: a page that works is not taken away because of them."""
    parts = _parts(seen)
    backlog = Backlog() if seen.away else seen.load.backlog
    return {
        "ready": all(part["state"] == "ready" for part in parts.values() if part["needed"]),
        "parts": parts,
        "degraded": [] if seen.away else _degraded(parts, seen.load),
        "queues": {
            name: {"length": queue.length, "oldest_seconds": _rounded(queue.oldest)}
            for name, queue in backlog.queues.items()
        },
        "pending": {"utterances": backlog.pending, "overdue_seconds": _rounded(backlog.overdue)},
        "dead_letters": backlog.dead_letters,
        "load": _load(seen.load),
        "models": _models(seen.crew, seen.probe),
        "demo_models": seen.crew.demo_models,
        "real_models": REAL_MODELS if seen.crew.demo_models else None,
    }


def _parts(seen: Seen) -> dict[str, dict[str, Any]]:
    state = "failed" if seen.away else "ready"
    redis = _part(state, seen.away, memory_used=None if seen.away else _rounded(seen.load.memory.share, 3))
    services = {service: _service(service, seen) for service in (*NEEDED, *WANTED)}
    wanted = {service: services.pop(service) for service in WANTED}
    return {"redis": redis, **services, "pipeline": _pipeline(seen), **wanted}


def _part(state: str, reason: str | None = None, needed: bool = True, **more: Any) -> dict[str, Any]:
    return {"state": state, "reason": reason, "needed": needed, **more}


def _service(service: str, seen: Seen) -> dict[str, Any]:
    needed = service in NEEDED
    if seen.away:
        return _part("unknown", "their heartbeats are in Redis", needed)
    best = seen.crew.best(service)
    reason = best.reason if best.state == "ready" else why(best)
    about: dict[str, Any] = {"ready": sum(beat.state == "ready" for beat in seen.crew.of(service))}
    if needed:
        about |= {"model": best.model, "engine": best.engine, "device": best.device}
    return _part(best.state, reason, needed, **about)


def _pipeline(seen: Seen) -> dict[str, Any]:
    if seen.away:
        return _part("unknown", "nothing can be sent without Redis")
    if seen.probe.reason is None:
        return _part("ready", proved_seconds_ago=round(seen.probe.age, 1))
    return _part("failed" if seen.probe.result else "waiting", seen.probe.reason)


def _degraded(parts: Mapping[str, Mapping[str, Any]], load: Load) -> list[str]:
    lacking = {name: part["reason"] for name, part in parts.items() if not part["needed"] and part["state"] != "ready"}
    if load.backlog.overdue > OVERDUE_SECONDS:
        lacking.setdefault("sweeper", f"an accepted utterance is {load.backlog.overdue:.0f} s overdue")
    if load.memory.full:
        lacking["redis"] = f"{load.memory.share or 0:.0%} of its memory is used; no new audio is taken"
    elif load.refusal:
        lacking["load"] = f"no new sessions are taken: {load.refusal.message}"
    return [f"{name}: {reason}" for name, reason in lacking.items()]


def _load(load: Load) -> dict[str, Any]:
    return {
        "level": load.pressure.level.name.lower(),
        "partials": math.isfinite(load.spacing),
        "wait_p95_ms": round(1000 * load.p95),
        "expected_wait_seconds": _rounded(load.wait),
    }


def _models(crew: Crew, probe: Probe) -> dict[str, str]:
    """What the workers say they run; from the last clip when they say nothing just now."""
    speech, sentiment = crew.best(STT), crew.best(ANALYZER)
    last = probe.result
    return {
        "engine": speech.engine or (last.engine if last else ""),
        "speech": speech.model or (last.model if last else ""),
        "sentiment": sentiment.model or (last.sentiment.model if last else ""),
    }


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)
