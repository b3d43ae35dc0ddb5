"""The analyzer as a process, with the shipped model, against a real Redis."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import Celery

from contracts import codec, keys
from contracts.broker import celery_settings
from contracts.messages import AnalyzeTask, Error, Heartbeat, Result, Timings, Transcript
from contracts.names import ANALYZE_TASK, ANALYZER_QUEUE, NEGATIVE, NEUTRAL, POSITIVE, RESULT_CHANNEL, RESULTS_STREAM
from scripts import procfile
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def analyzer(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    environ = clean_environ(REDIS_URL=server.url, DEMO_MODELS="always")
    line = procfile.lines()["analyzer_worker"]
    with Process("analyzer_worker", line, tmp_path_factory.mktemp("analyzer"), environ) as process:
        process.wait_for("sentiment model ready")
        yield process


@pytest.fixture
def client(server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(server.url) as client:
        yield client


@pytest.fixture
def sender(server: RedisServer) -> Iterator[Celery]:
    with Celery() as sender:
        sender.conf.update(celery_settings(server.url))
        yield sender


def send(sender: Celery, **kwargs: Any) -> None:
    sender.send_task(ANALYZE_TASK, kwargs=kwargs, queue=ANALYZER_QUEUE)


def ask(sender: Celery, session: str, text: str, language: str | None = "en", **changes: Any) -> None:
    transcript = Transcript(
        session, 1, 0.0, 1.5, text, language, 0.9, 0.8, "openai-whisper", "base", timings=Timings(stt_ms=5), **changes
    )
    now = time.time()
    send(sender, message=codec.encode(AnalyzeTask(transcript, spoken_at=now - 1, sent_at=now)))


def answer(client: "redis.Redis", session: str) -> Result | Error:
    """The only event of the session, once it is there."""

    def events() -> list[Any]:
        return client.xrange(keys.events(session))

    ((_, fields),) = eventually(events)
    event: Result | Error = codec.loads(fields[b"body"], Result, Error)
    return event


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("What a brilliant office!", POSITIVE),
        ("This is the worst rice in the city.", NEGATIVE),
        ("The newspaper is on the desk.", NEUTRAL),
    ],
)
def test_words_get_their_label(analyzer: Process, client: "redis.Redis", sender: Celery, text: str, label: str) -> None:
    ask(sender, f"words-{label}", text)
    result = answer(client, f"words-{label}")
    assert isinstance(result, Result)
    assert (result.sentiment.label, result.sentiment.model) == (label, "demo-sentiment")
    assert result.sentiment.score is not None
    assert sum(result.sentiment.scores.values()) == pytest.approx(1, abs=1e-3)
    assert result.timings.stt_ms == 5
    assert (result.timings.total_ms or 0) >= 1000
    assert any(codec.loads(f[b"body"], Result, Error) == result for _, f in client.xrange(RESULTS_STREAM))


def test_a_text_of_many_windows_is_read_to_its_end(analyzer: Process, client: "redis.Redis", sender: Celery) -> None:
    ask(sender, "long", "The newspaper is on the desk. " * 40 + "This is the worst rice in the city. " * 80)
    result = answer(client, "long")
    assert isinstance(result, Result) and result.sentiment.label == NEGATIVE
    ask(sender, "longer", "This is the worst rice in the city. " * 40 + "What a brilliant office! " * 80)
    result = answer(client, "longer")
    assert isinstance(result, Result) and (result.sentiment.score or 0) > 0


def test_what_the_model_cannot_judge_has_a_reason(analyzer: Process, client: "redis.Redis", sender: Celery) -> None:
    ask(sender, "korean", "정말 좋아요", language="ko")
    ask(sender, "translated", "What a brilliant office!", language="ko", task="translate")
    ask(sender, "empty", "", dropped="no_speech")
    for session, reason in (("korean", "the sentiment model knows en, not ko"), ("empty", "no words")):
        result = answer(client, session)
        assert isinstance(result, Result)
        assert (result.sentiment.label, result.sentiment.reason) == (None, reason)
    result = answer(client, "translated")
    assert isinstance(result, Result) and result.sentiment.label == POSITIVE


def test_a_task_that_comes_twice_has_one_result(analyzer: Process, client: "redis.Redis", sender: Celery) -> None:
    for session in ("twice", "twice", "after-twice"):
        ask(sender, session, "What a brilliant office!")
    answer(client, "after-twice")
    assert client.xlen(keys.events("twice")) == 1


def test_a_probe_is_answered_and_leaves_nothing(analyzer: Process, client: "redis.Redis", sender: Celery) -> None:
    with client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(keys.events("probe-1"), RESULT_CHANNEL)
        eventually(lambda: client.pubsub_numsub(keys.events("probe-1"))[0][1] == 1)
        ask(sender, "probe-1", "ready")
        message = eventually(lambda: heard.get_message(timeout=1))
        assert message["channel"].decode() == keys.events("probe-1")
        assert codec.loads(message["data"], Result).session == "probe-1"
    assert not client.exists(keys.events("probe-1"))


def test_a_task_that_redis_refuses_to_finish_comes_again(
    analyzer: Process, client: "redis.Redis", sender: Celery
) -> None:
    client.set(keys.session("refused"), "what makes the commit fail")
    ask(sender, "refused", "What a brilliant office!")
    analyzer.wait_for("task given back")
    ask(sender, "not-refused", "What a brilliant office!")
    assert isinstance(answer(client, "not-refused"), Result)
    client.delete(keys.session("refused"))
    assert isinstance(answer(client, "refused"), Result)


def test_unknown_messages_end_nothing(analyzer: Process, client: "redis.Redis", sender: Celery) -> None:
    send(sender)
    send(sender, message="hello")
    send(sender, audio="hello")
    sender.send_task(ANALYZE_TASK, args=["a", "b", "c"], queue=ANALYZER_QUEUE)
    sender.send_task("analyzer_worker.unheard_of", queue=ANALYZER_QUEUE)
    send(sender, message={"transcript": {"session": "damaged", "utterance": 4}})
    error = answer(client, "damaged")
    assert isinstance(error, Error)
    assert (error.code, error.stage, error.utterance) == ("bad_task", "analyzer", 4)
    assert analyzer.output.count("not an analyze task, dropped") >= 5
    ask(sender, "after-damaged", "What a brilliant office!")
    answer(client, "after-damaged")


def test_no_speech_in_the_log(analyzer: Process, client: "redis.Redis", sender: Celery) -> None:
    sender.send_task("analyzer_worker.unheard_of", kwargs={"message": "a clandestine word"}, queue=ANALYZER_QUEUE)
    ask(sender, "private", "What a brilliant clandestine office!")
    answer(client, "private")
    assert "analyzer_worker.unheard_of" in analyzer.output
    analyzer.wait_for("session=private")
    assert "clandestine" not in analyzer.output


def test_the_heartbeat_names_the_model(analyzer: Process, client: "redis.Redis") -> None:
    def beat() -> Heartbeat:
        (key,) = client.keys(keys.heartbeat("*"))
        return codec.loads(client.get(key) or b"", Heartbeat)

    found = eventually(beat)
    assert (found.service, found.state, found.model, found.demo_models) == (
        "analyzer_worker",
        "ready",
        "demo-sentiment",
        True,
    )


def test_redis_goes_and_comes_back(
    analyzer: Process, server: RedisServer, client: "redis.Redis", sender: Celery
) -> None:
    server.kill()
    server.start()
    ask(sender, "after-restart", "What a brilliant office!")
    answer(client, "after-restart")
    assert analyzer.running
