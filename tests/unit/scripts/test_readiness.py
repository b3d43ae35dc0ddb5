"""The words that /health/ready is put into."""

from scripts import readiness


def test_missing_parts_are_told_with_their_reasons() -> None:
    parts = {"redis": {"state": "ready", "reason": None}, "stt_worker": {"state": "loading", "reason": "base, 12 %"}}
    assert readiness.missing({"parts": parts}) == ["stt_worker loading: base, 12 %"]
    waiting = {"state": "waiting", "reason": "base, 12 %"}
    assert readiness.missing({"parts": parts | {"pipeline": waiting}}) == ["stt_worker loading: base, 12 %"]
    assert readiness.missing({"parts": {"pipeline": waiting}}) == ["pipeline waiting: base, 12 %"]
    sweeper = {"state": "missing", "reason": "none runs", "needed": False}
    assert readiness.missing({"parts": parts | {"sweeper": sweeper}}) == ["stt_worker loading: base, 12 %"]
    assert readiness.missing(None) == ["the gateway does not answer yet"]


def test_the_welcome_names_address_log_models_and_the_way_to_real_ones() -> None:
    report = {
        "models": {"engine": "openai-whisper", "speech": "demo-speech", "sentiment": "demo-sentiment"},
        "demo_models": True,
    }
    text = readiness.welcome(report, "http://localhost:8000", "logs/r.log")
    for part in ("http://localhost:8000", "tail -F logs/r.log", "demo-speech", "DEMONSTRATION", "make run"):
        assert part in text
    assert "Missing    sweeper: none runs" in readiness.welcome(report | {"degraded": ["sweeper: none runs"]}, "u", "l")
    assert "DEMONSTRATION" not in readiness.welcome(report | {"demo_models": False}, "u", "l")
