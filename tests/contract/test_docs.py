"""What README and ARCHITECTURE show is what the code does: links, log lines, settings, Redis keys."""

import re

import pytest

from contracts import keys
from contracts.messages import Result, Sentiment, Timings
from listener_service import line
from listener_service.report import Report
from scripts.procfile import ROOT

README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
SHOWN = [line.parse(text) for text in re.findall(r"^\d{4}-\d\d-\d\dT.*$", README, re.MULTILINE)]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "models" / "README.md"]


def rebuilt(shown: line.Line) -> Result:
    """The result whose line `shown` would be."""
    field = shown.fields
    label = None if shown.kind == line.UNJUDGED else shown.kind
    sentiment = Sentiment(label, shown.score, {}, field["sentiment_model"], field.get("reason"))
    return Result(
        session=field["session"],
        utterance=int(field["utterance"]),
        start=float(field["start"]),
        end=float(field["end"]),
        text=shown.text,
        language=field["language"],
        confidence=float(field["confidence"]),
        sentiment=sentiment,
        engine="openai-whisper",
        model=field["model"],
        trace=field["trace"],
        timings=Timings(total_ms=float(field["latency_ms"])),
    )


@pytest.mark.parametrize("shown", [s for s in SHOWN if s.kind != line.STATISTICS], ids=lambda shown: shown.kind)
def test_a_log_line_in_the_readme_is_one_that_the_listener_writes(shown: line.Line) -> None:
    n = shown.fields.get("n")
    assert str(line.of_event(shown.fields["id"], rebuilt(shown), int(n) if n else None)) == str(shown)
    assert str(shown) in README


def test_the_statistics_line_in_the_readme_has_the_fields_of_a_real_one() -> None:
    (shown,) = [s for s in SHOWN if s.kind == line.STATISTICS]
    report = Report(60, now=0)
    report.add(SHOWN[0], now=1)
    assert list(shown.fields) == list(report.final(now=2)[0].fields)
    assert str(shown) in README


def test_the_settings_in_the_readme_have_their_defaults() -> None:
    example = dict(re.findall(r"^#([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    rows = re.findall(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| (.+?) \|", README, re.MULTILINE)
    assert len(rows) >= 10
    for names, values in rows:
        found = re.findall(r"`([^`]+)`", values)
        for name, value in zip(re.findall(r"`([^`]+)`", names), found, strict=False):
            assert name in example
            assert value == example[name] or name == "DEMO_MODELS", name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []


def test_every_redis_key_is_in_the_table() -> None:
    session, utterance, stage, worker = "{session}", "{utterance}", "{stage}", "{worker}"
    built = [build(session) for build in (keys.session, keys.events)]
    built += [build(session, utterance) for build in (keys.segment, keys.audio, keys.partial_audio)]
    built += [keys.done(session, utterance, stage), keys.heartbeat(worker), keys.open_utterances(session), keys.PENDING]
    assert [key for key in built if f"| `{key}` |" not in ARCHITECTURE] == []


def test_the_route_of_a_frame_names_what_exists() -> None:
    route = ARCHITECTURE.split("## The map")[0]
    code = "\n".join(
        path.read_text()
        for folder in ("contracts", "fastapi_service", "stt_worker", "analyzer_worker", "listener_service", "web/js")
        for path in (ROOT / folder).rglob("*.[pj][ys]")
    )
    names = {part for name in re.findall(r"`([A-Za-z_.]+)`", route) for part in name.split(".")}
    missing = [name for name in names if not re.search(rf"\b{name}\b", code, re.IGNORECASE)]
    assert missing == []


def test_the_architecture_fits_into_150_lines() -> None:
    assert len(ARCHITECTURE.splitlines()) <= 150
