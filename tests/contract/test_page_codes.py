"""The Korean page says everything that the server says in Korean: each code that can be sent has its sentence in
`web/lang/ko-codes.js`, and the numbers and names of the server's sentence are in it.

The codes are read where they are: the services' tables, the calls that send one, the messages of nginx."""

import ast
import http
import importlib
import json
import re
import subprocess
from collections.abc import Iterator
from types import ModuleType

import analyzer_worker.codes
import stt_worker.codes
from analyzer_worker.analysis import _failure
from analyzer_worker.sentiment import Judge
from contracts.messages import Transcript
from fastapi_service import codes
from fastapi_service.load import storage_full
from fastapi_service.recordings import mood, reception, refusal
from fastapi_service.recordings.job import Job, State
from fastapi_service.recordings.refusal import BadRecording
from fastapi_service.recordings.result import NOT_JUDGED_YET
from fastapi_service.recordings.upload import too_large
from fastapi_service.routes import job_result, problem
from listener_service.sweep import TRIED
from scripts.procfile import ROOT
from tests.contract.test_house_rules import inside
from tests.eventually import PATIENCE
from tests.unit.analyzer_worker.test_sentiment import WordModel
from tests.unit.web.test_node import node

NOTES = (
    refusal.truncated(5.0, 9.5),
    refusal.truncated(5.0, None),
    refusal.damaged(1.5, 1),
    refusal.damaged(1.5, 3),
    refusal.gap(2.5, 1),
    refusal.gap(2.5, 4),
)
REASONS = {"no_words", "unknown_language", "other_language", "not_judged"}
"""Why an utterance is not judged: sentences without a code, to which the page gives these."""
PASSED_ON = {"newest.code", "problem.code", "ended.code", "refusal.code", "code.name", "code", "*_why_not(state)"}
"""Expressions for codes that come from elsewhere: from a table, or from another call."""
FRAMEWORK = (400, 404, 405)
"""What FastAPI itself answers; its code is the phrase of the status."""

TELL = """
const { Text, CODES } = await import("%s/web/js/text.js");
const { notes, unjudged } = await import("%s/web/js/told.js");
const asked = JSON.parse(await new Response(process.stdin).text());
const text = new Text("ko");
const note = (said) => notes(said).map((one) => text.told(one)).join(" ");
console.log(JSON.stringify({
  codes: Object.keys(CODES.ko),
  told: asked.told.map((said) => text.told(said)),
  notes: asked.notes.map(note),
  reasons: asked.reasons.map((reason) => text.told(unjudged(reason))),
}));
"""


def page(told: list[dict[str, object]] = (), notes: list[str] = (), reasons: list[str] = ()) -> dict[str, list[str]]:
    """What the Korean page makes of what the server says."""
    asked = json.dumps({"told": list(told), "notes": list(notes), "reasons": list(reasons)})
    command = [node(), "--input-type=module", "--eval", TELL % (ROOT, ROOT)]
    run = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


def sent(module: ModuleType, call: ast.Call) -> ast.expr | None:
    """The argument that is the code, of a call that makes what is sent."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name not in ("Problem", "Error", "_error"):
        return None
    given = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    place = 0 if name == "Problem" and module.Problem is not problem.Problem else 1
    return given[0] if given else call.args[place] if len(call.args) > place else call.args[-1]


def in_calls() -> Iterator[str]:
    for path in inside("fastapi_service", "stt_worker", "analyzer_worker", "listener_service"):
        parsed = ast.parse(path.read_text())
        calls = [node for node in ast.walk(parsed) if isinstance(node, ast.Call)]
        if not any(
            isinstance(call.func, ast.Name) and call.func.id in ("Problem", "Error", "_error") for call in calls
        ):
            continue
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for written in filter(None, (sent(module, call) for call in calls)):
            source = ast.unparse(written)
            if source not in PASSED_ON:
                yield str(eval(source, vars(module)))  # a literal or a name: anything else fails here


def in_tables() -> Iterator[str]:
    yield from (code.name for code in codes.CODES)
    yield from (*stt_worker.codes.CODES, *analyzer_worker.codes.CODES)
    yield from (reason.code for reason in refusal.REASONS)
    yield from (note.code for note in NOTES)
    yield from (http.HTTPStatus(status).phrase.lower().replace(" ", "_") for status in FRAMEWORK)
    for status in ("queued", "failed", "cancelled"):
        yield job_result._why_not(State(Job("job-1", "a", 1, "", 0.0), status=status))[0]
    yield from re.findall(r'"code":"(\w+)"', (ROOT / "nginx/templates/nginx.conf.template").read_text())


def test_every_code_that_can_be_sent_has_its_korean_sentence_and_no_other_has() -> None:
    assert set(page()["codes"]) - REASONS == set(in_calls()) | set(in_tables())


SOUND = {"channels": 99, "rate": 7, "most": 8, "least_rate": 1000, "most_rate": 768_000}
SAID = [
    *((r.code, str(BadRecording(r, **SOUND, found="video", codec="atrac9", hours="4"))) for r in refusal.REASONS),
    (too_large(2048).code, too_large(2048).message),
    (codes.FULL.name, "all places are taken (50 sessions); try again in a minute"),
    (codes.FULL.name, "speech waits 12 s for its words here just now; try again in 13 seconds"),
    (codes.FULL.name, "the server keeps 1000 recordings already; try again later"),
    *(("share_full", told.format(share=250)) for told in (reception.SHARE, reception.SHARE_OF_ALL)),
    (codes.STORAGE_FULL.name, storage_full(0.93).message),
    (codes.BAD_START.name, "format 'mp3' is not offered; use f32le or s16le"),
    (codes.UNSUPPORTED_VERSION.name, "version 9 is not spoken here, only 1; reload the page or update"),
    (stt_worker.codes.TRANSCRIPTION_FAILED, "the speech model failed: RuntimeError, 3 times"),
    (stt_worker.codes.UNSUPPORTED_LANGUAGE, "model tiny.en cannot take language 'ko': it knows English only"),
    ("gave_up", "from 3.1 to 14.5 s: this utterance was tried 3 times and the speech worker never finished it"),
    ("busy", "32 recordings are being received at this moment; try again in a moment"),
]
CARRIED = {
    "unsupported_codec": ["atrac9"],
    "unsupported_sound": ["99", "7 Hz", "8", "1000", "768000"],
    "too_long": ["4시간"],
    "too_large": ["2,048"],
    "full": ["50", "12", "1000"],
    "share_full": ["250개를 보관", "250개를 이미"],
    "storage_full": ["30초"],
    "bad_start": ["format", "mp3"],
    "unsupported_version": ["9", "1"],
    "transcription_failed": ["RuntimeError", "3번"],
    "unsupported_language": ["tiny.en", "ko"],
    "gave_up": ["3.1초", "14.5초", "3번"],
    "busy": ["32"],
}


def korean(sentence: str) -> bool:
    """No words of the server's own: a name here and there is none."""
    return bool(re.search("[가-힣]", sentence)) and not re.search(r"\b(the|is|at|of|in)\b", sentence)


def test_the_numbers_and_names_of_a_sentence_are_in_the_korean_one() -> None:
    asked: list[dict[str, object]] = [{"code": code, "message": message, "retry_after": 30} for code, message in SAID]
    told = page(told=asked)["told"]
    assert [sentence for sentence in told if not korean(sentence)] == []
    for code, expected in CARRIED.items():
        sentences = " ".join(sentence for (name, _), sentence in zip(SAID, told, strict=True) if name == code)
        assert [word for word in expected if word not in sentences] == [], sentences


def test_notes_about_a_recording_come_without_a_code_and_are_told_in_korean_all_the_same() -> None:
    alone = [note.message for note in NOTES]
    both = f"{NOTES[3].message} {NOTES[0].message}"
    told = page(notes=[*alone, both, "something new"])["notes"]
    assert [sentence for sentence in told[:-1] if not korean(sentence)] == []
    assert "5.0초" in told[0] and "9.5초" in told[0] and "3군데" in told[3] and "2.5초" in told[4]
    assert told[-2] == f"{told[3]} {told[0]}"
    assert told[-1] == "something new"


def test_why_something_is_not_judged_is_told_in_korean() -> None:
    judge = Judge(WordModel(), (), frozenset({"de", "en"}))
    judged = [judge.judge(text, language) for text, language in ((" ", "en"), ("안녕", None), ("안녕", "ko"))]
    reasons = [*(each.reason or "" for each in judged), "no words: no_speech", NOT_JUDGED_YET]
    transcript = Transcript("s", 1, 0.0, 1.0, "words", "en", 0.9, 0.9, "engine", "model")
    reasons += [mood.overall([], [], []).reason or "", _failure(transcript, ValueError()).message, TRIED]
    told = page(reasons=reasons)["reasons"]
    assert [sentence for sentence in told if not korean(sentence)] == []
    assert "de, en" in told[2] and "ko" in told[2] and "ValueError" in told[-2] and "3번" in told[-1]


def test_an_unknown_code_is_told_in_the_words_of_the_server() -> None:
    assert page(told=[{"code": "new_one", "message": "something new"}])["told"] == ["something new"]
