"""A live session's result and its exports, from a real gateway and a real Redis with played workers."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import redis

from contracts import codec, commit, keys
from contracts.messages import Result, Sentiment, TranscribeTask
from fastapi_service.recordings.result import SpeechResult
from tests.eventually import PATIENCE, eventually
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway, Talker, silence, voice

SENTENCE = np.concatenate([silence(0.5), voice(1.5), silence(1.2)])
HEARD = {1: "I love <this> place.", 2: None, 3: '=SUM(A1) said "she"', 4: "좋아요"}


def heard(task: TranscribeTask, pcm: bytes) -> str | None:
    return HEARD.get(task.utterance, f"utterance {task.utterance}") if task.kind == "final" else "so far"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGateway, PlayedWorkers]]:
    with RedisServer(tmp_path_factory.mktemp("session_result")) as server, PlayedWorkers(server.url, heard) as workers:
        with RunningGateway(server.url) as gateway:
            yield gateway, workers


@pytest.fixture
def gateway(running: tuple[RunningGateway, PlayedWorkers]) -> RunningGateway:
    return running[0]


@pytest.fixture(scope="module")
def spoken(running: tuple[RunningGateway, PlayedWorkers]) -> dict[str, Any]:
    """`ready` of a session that is over: four utterances, the second of which has failed."""
    with running[0].connect() as talker:
        ready = started(talker)
        for _ in HEARD:
            talker.speak(SENTENCE)
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    return ready


def ask(
    gateway: RunningGateway, ready: dict[str, Any], form: str | None = None, key: str | None = None
) -> httpx.Response:
    address = f"{gateway.url}/v1/sessions/{ready['session']}/result"
    headers = {"Authorization": f"Bearer {ready['key'] if key is None else key}"}
    return httpx.get(address, params={"format": form} if form else {}, headers=headers, timeout=PATIENCE)


def store(gateway: RunningGateway) -> "redis.Redis":
    return redis.Redis.from_url(gateway.settings.redis_url)


def test_json_is_the_whole_document(gateway: RunningGateway, spoken: dict[str, Any]) -> None:
    answer = ask(gateway, spoken)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    told = codec.loads(answer.content, SpeechResult)
    assert told.text == 'I love <this> place. =SUM(A1) said "she" 좋아요'
    assert [segment.id for segment in told.segments] == [1, 3, 4]
    assert [(error.segment, error.code, error.stage) for error in told.errors] == [(2, "transcription_failed", "stt")]
    assert (told.language, told.pending, told.no_speech, told.task) == ("en", 0, False, "transcribe")
    assert told.duration == pytest.approx(len(SENTENCE) * 4 / 16_000, abs=0.5)
    assert told.sentiment.label == "NEUTRAL" and told.sentiment.shares["NEUTRAL"] == 1
    assert [moment.segment for moment in told.course] == [1, 3, 4]
    assert told.statistics.words == 8 and told.statistics.model == "played-speech"
    assert 3 < told.statistics.speech_seconds < told.duration


def test_the_other_forms_are_files(gateway: RunningGateway, spoken: dict[str, Any]) -> None:
    found = {form: ask(gateway, spoken, form) for form in ("txt", "srt", "vtt", "csv")}
    assert {form: answer.headers["content-type"] for form, answer in found.items()} == {
        "txt": "text/plain; charset=utf-8",
        "srt": "application/x-subrip; charset=utf-8",
        "vtt": "text/vtt; charset=utf-8",
        "csv": "text/csv; charset=utf-8; header=present",
    }
    for form, answer in found.items():
        assert answer.headers["content-disposition"] == f'attachment; filename="captions_{spoken["session"]}.{form}"'
    txt, srt, vtt, rows = (found[form].content.decode() for form in ("txt", "srt", "vtt", "csv"))
    assert re.match(r"\[0:00\] Neutral 0\.00  I love <this> place\.\n\[0:0\d\] Neutral 0\.00  =SUM", txt)
    assert re.match(r"1\n00:00:00,\d{3} --> 00:00:0[12],\d{3}\nI love <this> place\.\n\n2\n", srt)
    assert re.match(r"WEBVTT\n\n00:00:00\.\d{3} --> 00:00:0[12]\.\d{3}\nI love &lt;this&gt; place\.\n\n00:00:0", vtt)
    texts = [row["text"] for row in csv.DictReader(io.StringIO(rows, newline=""))]
    assert texts == ["I love <this> place.", '\'=SUM(A1) said "she"', "좋아요"]


def test_what_is_there_so_far_while_it_goes_on(running: tuple[RunningGateway, PlayedWorkers]) -> None:
    gateway, workers = running
    with gateway.connect() as talker:
        ready = started(talker)
        nothing = ask(gateway, ready).json()
        assert nothing["text"] == "" and nothing["no_speech"] and nothing["message"] == "no speech was found"
        talker.speak(SENTENCE)
        talker.wait_for("result")
        workers.held.set()
        try:
            before = len(workers.finals)
            talker.speak(SENTENCE)
            eventually(lambda: len(workers.finals) > before)
            told = ask(gateway, ready).json()
        finally:
            workers.held.clear()
        assert told["text"] == HEARD[1] and told["pending"] == 1
        assert ask(gateway, ready, "txt").text.endswith("I love <this> place.\n")
        talker.wait_for("error", utterance=2)
        assert ask(gateway, ready).json()["pending"] == 0


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic YTpi", "hK2"])
def test_without_the_key_it_is_asked_for(
    gateway: RunningGateway, spoken: dict[str, Any], authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    address = f"{gateway.url}/v1/sessions/{spoken['session']}/result"
    answer = httpx.get(address, params={"key": spoken["key"]}, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    error = answer.json()["error"]
    assert error["code"] == "no_key" and error["field"] == "Authorization" and "ready" in error["message"]


def test_a_wrong_key_and_an_unknown_session_are_told_alike(gateway: RunningGateway, spoken: dict[str, Any]) -> None:
    wrong = ask(gateway, spoken, key="x" * 22)
    unknown = ask(gateway, {"session": "none", "key": spoken["key"]})
    strange = ask(gateway, {"session": "%00%ff%20:*", "key": spoken["key"]})
    assert wrong.status_code == unknown.status_code == strange.status_code == 404
    assert wrong.content == unknown.content == strange.content
    error = wrong.json()["error"]
    assert error["code"] == "not_found" and error["field"] is None and "24 hours" in error["message"]


def test_a_job_is_no_session(gateway: RunningGateway) -> None:
    """It has the same keys in Redis, but no key of an owner."""
    store(gateway).hset(keys.session("job-a"), mapping={"seq": 0, "owner": "conductor"})
    assert ask(gateway, {"session": "job-a", "key": "a"}).status_code == 404


def test_an_unknown_format_is_told_what_there_is(gateway: RunningGateway, spoken: dict[str, Any]) -> None:
    answer = ask(gateway, spoken, "pdf")
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "format" and "'srt'" in answer.json()["error"]["message"]


def test_another_method_is_not_offered(gateway: RunningGateway, spoken: dict[str, Any]) -> None:
    answer = httpx.post(f"{gateway.url}/v1/sessions/{spoken['session']}/result", timeout=PATIENCE)
    assert answer.status_code == 405 and answer.headers["allow"] == "GET"
    assert answer.json()["error"]["code"] == "method_not_allowed"


def begun(gateway: RunningGateway) -> dict[str, Any]:
    with gateway.connect() as talker:
        return started(talker)


def started(talker: Talker) -> dict[str, Any]:
    talker.say("start")
    return talker.wait_for("ready")


def say(gateway: RunningGateway, ready: dict[str, Any], count: int) -> None:
    """`count` results of one second each."""
    sentiment = Sentiment("POSITIVE", 0.9, {}, "m")
    with store(gateway) as client:
        for n in range(1, count + 1):
            commit.commit(client, Result(ready["session"], n, n, n + 1, f"word{n}", "en", 0.9, sentiment, "e", "m"))


def test_more_events_than_are_read_at_a_time(gateway: RunningGateway) -> None:
    ready = begun(gateway)
    say(gateway, ready, 600)
    told = ask(gateway, ready).json()
    assert told["text"] == " ".join(f"word{n}" for n in range(1, 601)) and told["errors"] == []
    assert ask(gateway, ready, "srt").text.count(" --> ") == 600


def test_what_is_no_longer_kept_is_said_to_be_missing(gateway: RunningGateway) -> None:
    ready = begun(gateway)
    say(gateway, ready, 5)
    events = keys.events(ready["session"])
    with store(gateway) as client:
        client.xtrim(events, minid="3-0", approximate=False)
        client.xadd(events, {"body": '{"type":"result","seq":6,"text":7}'}, id="6-0")
        client.hset(keys.session(ready["session"]), "seq", 6)
    told = ask(gateway, ready).json()
    assert told["text"] == "word3 word4 word5"
    assert [(error["code"], error["message"][:8]) for error in told["errors"]] == [("events_lost", "3 events")]
    assert not told["no_speech"]


def test_it_is_described(gateway: RunningGateway) -> None:
    described = httpx.get(f"{gateway.url}/openapi.json", timeout=PATIENCE).json()
    route = described["paths"]["/v1/sessions/{session}/result"]["get"]
    assert set(route["responses"]) == {"200", "401", "404", "422", "503"}
    media = {"application/json", "text/plain", "application/x-subrip", "text/vtt", "text/csv"}
    assert set(route["responses"]["200"]["content"]) == media
    assert set(described["components"]["schemas"]["SpeechResult"]["properties"]) >= {"text", "segments", "course"}
    (scheme,) = route["security"][0]
    assert described["components"]["securitySchemes"][scheme]["scheme"] == "bearer"


def test_without_redis_it_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    with RedisServer(tmp_path_factory.mktemp("away")) as server, RunningGateway(server.url) as gateway:
        ready = begun(gateway)
        server.kill()
        answer = ask(gateway, ready)
    assert answer.status_code == 503 and answer.json()["error"]["code"] == "storage_unavailable"
    assert answer.headers["retry-after"] == "2"
