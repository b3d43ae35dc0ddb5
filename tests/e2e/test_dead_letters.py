"""The command line for utterances that were given up, on a real Redis."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import redis
from celery import Celery

from contracts import codec, keys, ledger
from contracts.broker import celery_settings
from contracts.commit import bury, commit
from contracts.messages import Error, Result, Sentiment, TranscribeTask, Transcript
from contracts.names import ANALYZER_QUEUE, DEAD_LETTERS_STREAM, STT_QUEUE
from listener_service.again import Sender
from listener_service.overdue import Overdue
from listener_service.sweep import Sweep
from listener_service.underway import InRedis, task_id
from scripts.procfile import ROOT
from tests.eventually import PATIENCE
from tests.ports import free_port
from tests.processes import RedisServer, clean_environ


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture
def sweep(client: "redis.Redis", redis_server: RedisServer) -> Iterator[Sweep]:
    with Celery(set_as_current=False) as celery:
        celery.conf.update(celery_settings(redis_server.url))
        yield Sweep(client, Overdue(client, "one"), Sender(celery), InRedis(client), threading.Event())


def command(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "listener_service.dead_letters", *arguments]
    return subprocess.run(
        line, cwd=ROOT, env=clean_environ(REDIS_URL=url), capture_output=True, text=True, timeout=PATIENCE
    )


def give_up(client: "redis.Redis", session: str, text: str | None = None) -> str:
    """An utterance of 3 s that ended as a dead letter, after its transcript if it has a `text`."""
    client.eval(*ledger.open_session(session, "secret", "gateway", 1.0).call)
    task = TranscribeTask(session, 1, audio_key=keys.audio(session, 1), end=3.0, trace="t1")
    client.eval(*ledger.accept(task, bytes(96_000), "gateway", 48_000).call)
    if text:
        commit(client, Transcript(session, 1, 0.0, 3.0, text, "en", 0.9, 0.8, "engine", "model"))
    for _ in range(ledger.MOST_STARTS):
        client.eval(*ledger.begin(session, 1, "analyzer" if text else "stt", "worker").call)
    bury(client, Error(session, "gave_up", "tried 3 times", stage="stt", utterance=1))
    ((entry_id, _),) = client.xrevrange(DEAD_LETTERS_STREAM, count=1)
    return entry_id.decode()


def waiting(client: "redis.Redis", queue: str) -> list[str]:
    return [task_id(message) for message in client.lrange(queue, 0, -1)]


def test_listed_and_shown(client: "redis.Redis", redis_server: RedisServer) -> None:
    assert command(redis_server.url, "list").stdout == "no dead letters\n"
    first, second = give_up(client, "a-b_c"), give_up(client, "other", text="정말 좋아요")
    listed = command(redis_server.url, "list")
    head, *rows = [line.split(maxsplit=6) for line in listed.stdout.splitlines()]
    assert head == ["id", "when", "session", "utterance", "stage", "starts", "reason"]
    assert [row[0] for row in rows] == [first, second]
    assert [row[2:] for row in rows] == [
        ["a-b_c", "1", "stt", "3", "tried 3 times"],
        ["other", "1", "analyzer", "3", "tried 3 times"],
    ]
    assert "좋아요" not in listed.stdout
    shown = command(redis_server.url, "show", second)
    assert shown.returncode == 0 and '"text": "정말 좋아요"' in shown.stdout and '"trace": "t1"' in shown.stdout
    assert "audio      3.0 s, for 1439 more minutes" in shown.stdout or "for 1440 more minutes" in shown.stdout


def test_replayed_it_is_worked_on_again_and_its_result_follows_its_error(
    client: "redis.Redis", redis_server: RedisServer, sweep: Sweep
) -> None:
    letter = give_up(client, "a-b_c")
    replayed = command(redis_server.url, "replay", letter)
    assert (replayed.returncode, replayed.stdout) == (0, f"{letter}: utterance 1 of session a-b_c put back\n")
    assert client.smembers(keys.open_utterances("a-b_c")) == {b"1"} and client.xlen(DEAD_LETTERS_STREAM) == 0
    assert client.strlen(keys.audio("a-b_c", 1)) == 96_000 and not client.exists(keys.dead_audio("a-b_c", 1))
    sweep()
    assert waiting(client, STT_QUEUE) == ["stt-a-b_c:1"]
    assert client.eval(*ledger.begin("a-b_c", 1, "stt", "worker").call) == [b"go", 1]
    sentiment = Sentiment("POSITIVE", 0.9, {}, "m")
    assert commit(client, Transcript("a-b_c", 1, 0.0, 3.0, "hi", "en", 0.9, 0.8, "engine", "model")) == 2
    assert commit(client, Result("a-b_c", 1, 0.0, 3.0, "hi", "en", 0.8, sentiment, "engine", "model")) == 3
    bodies = [fields[b"body"] for _, fields in client.xrange(keys.events("a-b_c"))]
    error, _, result = [codec.loads(body, Error, Transcript, Result) for body in bodies]
    assert isinstance(error, Error) and isinstance(result, Result) and error.utterance == result.utterance == 1
    assert client.zcard(keys.PENDING) == 0
    again = command(redis_server.url, "replay", letter)
    assert again.returncode == 1 and "there is no dead letter with this id" in again.stderr


def test_all_are_replayed_but_those_whose_audio_is_gone(
    client: "redis.Redis", redis_server: RedisServer, sweep: Sweep
) -> None:
    heard, understood, silent = give_up(client, "heard"), give_up(client, "understood", text="hi"), give_up(client, "x")
    client.delete(keys.dead_audio("x", 1), keys.dead_audio("understood", 1))
    client.xadd(DEAD_LETTERS_STREAM, {"member": "y:2", "reason": "older than this program", "request": "{}"})
    replayed = command(redis_server.url, "replay", "--all")
    assert replayed.returncode == 1
    assert [line.split(":")[0] for line in replayed.stdout.splitlines()] == [heard, understood, "2 of 4 put back"]
    assert f"{silent}: not replayed: its audio is gone: it is kept for 24 hours\n" in replayed.stderr
    assert "cannot be read by this version" in replayed.stderr
    assert client.xlen(DEAD_LETTERS_STREAM) == 2
    sweep()
    assert waiting(client, STT_QUEUE) == ["stt-heard:1"]
    assert waiting(client, ANALYZER_QUEUE) == ["an-understood:1"]


def test_what_is_worked_on_is_not_replayed(client: "redis.Redis", redis_server: RedisServer) -> None:
    letter = give_up(client, "s")
    client.zadd(keys.PENDING, {"s:1": 1})
    refused = command(redis_server.url, "replay", letter)
    assert refused.returncode == 1 and "is being worked on" in refused.stderr


def test_what_cannot_be_is_told_in_words(redis_server: RedisServer) -> None:
    for wrong in (["show", "nonsense"], ["show", "1-1"], ["replay", "-"]):
        refused = command(redis_server.url, *wrong)
        assert refused.returncode == 1 and "`dead_letters list` shows all" in refused.stderr, refused.stderr
    for wrong in ([], ["replay"], ["replay", "1-1", "--all"], ["bury"]):
        assert command(redis_server.url, *wrong).returncode == 2
    away = command(f"redis://:secret@127.0.0.1:{free_port()}/0", "list")
    assert away.returncode == 3 and away.stderr.startswith("dead_letters: no answer from Redis at 127.0.0.1:")
    assert "secret" not in away.stderr and away.stderr.count("\n") == 1
    assert command("http://x", "list").returncode == 2
