"""The listener as a process against a real Redis: each result is in its log exactly once, whatever
is killed, moved, filled up or thrown at it."""

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from contracts.commit import commit
from contracts.messages import Error, Result, Sentiment, Timings
from contracts.names import LISTENER_GROUP, RESULTS_STREAM
from listener_service.line import STATISTICS, Line, parse
from scripts import procfile
from tests.eventually import eventually
from tests.processes import Process, RedisServer, clean_environ

Start = Callable[..., Process]


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "result_listener.log"


@pytest.fixture
def start(redis_server: RedisServer, tmp_path: Path, log: Path) -> Iterator[Start]:
    running: list[Process] = []

    def start_listener(**settings: str) -> Process:
        own = {"REDIS_URL": redis_server.url, "RESULT_LOG": str(log), "STATISTICS_SECONDS": "0"}
        environ = clean_environ(**(own | settings))
        process = Process("listener_service", procfile.lines()["listener_service"], tmp_path, environ)
        process.start()
        running.append(process)
        return process

    yield start_listener
    for process in running:
        if process.running:
            process.terminate()


def say(client: "redis.Redis", *utterances: int, session: str = "s1", text: str = "I love this") -> None:
    for utterance in utterances:
        sentiment = Sentiment("POSITIVE", 0.98, {"POSITIVE": 0.99, "NEGATIVE": 0.01, "NEUTRAL": 0.0}, "m")
        timings = Timings(total_ms=400.0)
        event = Result(session, utterance, 1.0, 2.0, text, "en", 0.9, sentiment, "e", "base", timings=timings)
        assert commit(client, event)


def lines(path: Path, statistics: bool = False) -> list[Line]:
    """Every line of the file; one that is not a line raises."""
    found = [parse(text) for text in path.read_text().splitlines()] if path.exists() else []
    return [line for line in found if (line.kind == STATISTICS) == statistics]


def utterances(*paths: Path) -> list[int]:
    return [int(line.fields["utterance"]) for path in paths for line in lines(path)]


def unacknowledged(client: "redis.Redis") -> int:
    return int(client.xpending(RESULTS_STREAM, LISTENER_GROUP)["pending"])


def test_results_and_errors_become_lines_in_the_log_and_on_the_console(
    client: "redis.Redis", start: Start, log: Path
) -> None:
    say(client, 1)  # before there is a group
    listener = start()
    eventually(lambda: utterances(log) == [1])
    say(client, 2, text="two\nlines")
    commit(client, Error("s1", "audio_gone", "the audio is gone", stage="stt", utterance=3))
    eventually(lambda: utterances(log) == [1, 2, 3])
    written = lines(log)
    assert [(line.kind, line.text) for line in written] == [
        ("POSITIVE", "I love this"),
        ("POSITIVE", "two\nlines"),
        ("ERROR", "the audio is gone"),
    ]
    assert [line.fields["id"] for line in written] == [key.decode() for key, _ in client.xrange(RESULTS_STREAM)]
    eventually(lambda: unacknowledged(client) == 0)
    assert listener.terminate() == 0
    assert all(str(line) in listener.output for line in written)


def test_statistics_at_an_interval_and_at_exit(client: "redis.Redis", start: Start, log: Path) -> None:
    listener = start(STATISTICS_SECONDS="1")
    say(client, 1, 2)
    say(client, 1, session="s2")
    eventually(lambda: lines(log, statistics=True))
    listener.interrupt()
    assert listener.wait(10) == 0
    last = lines(log, statistics=True)[-3:]
    assert [line.fields.get("session") for line in last] == [None, "s2", "s1"]
    assert last[0].fields["sessions"] == "2"
    assert [line.fields["utterances"] for line in last] == ["3", "1", "2"]
    assert last[0].fields["positive"] == "100.0%"
    assert str(last[0]) in listener.output


def test_each_result_is_written_once_across_kills(client: "redis.Redis", start: Start, log: Path) -> None:
    for first in (1, 31, 61):
        listener = start()
        say(client, *range(first, first + 30))
        eventually(lambda first=first: max(utterances(log), default=0) > first)
        listener.kill()
    start()
    eventually(lambda: len(utterances(log)) == 90 and unacknowledged(client) == 0)
    assert utterances(log) == list(range(1, 91))


def test_what_is_written_but_not_acknowledged_is_not_written_again(
    client: "redis.Redis", start: Start, log: Path
) -> None:
    listener = start()
    say(client, 1, 2)
    eventually(lambda: utterances(log) == [1, 2] and unacknowledged(client) == 0)
    listener.kill()
    client.xgroup_setid(RESULTS_STREAM, LISTENER_GROUP, "0")  # as if Redis had lost its last second
    log.rename(log.with_name(log.name + ".1"))
    log.write_text("torn in the mid")
    say(client, 3)
    start()
    eventually(lambda: unacknowledged(client) == 0 and b" id=" in log.read_bytes())
    torn, *rest = log.read_text().splitlines()
    assert torn == "torn in the mid"
    assert [parse(text).fields["utterance"] for text in rest] == ["3"]


def test_entries_that_are_no_events_are_told_and_passed(client: "redis.Redis", start: Start, log: Path) -> None:
    for body in (b"not json", b'{"type":"ready"}', b"\xff\xfe", b'{"type":"result","session":7}'):
        client.xadd(RESULTS_STREAM, {"body": body})
    client.xadd(RESULTS_STREAM, {"something": "else"})
    start()
    say(client, 1)
    eventually(lambda: len(lines(log)) == 6)
    assert [line.fields.get("code") for line in lines(log)] == ["unreadable_entry"] * 5 + [None]
    eventually(lambda: unacknowledged(client) == 0)


def test_rotates_and_reopens(client: "redis.Redis", start: Start, log: Path) -> None:
    start(RESULT_LOG_MAX_BYTES="500", RESULT_LOG_BACKUPS="50")
    say(client, *range(1, 31))
    rotated = [log.with_name(f"{log.name}.{number}") for number in range(50, 0, -1)]
    eventually(lambda: utterances(*rotated, log) == list(range(1, 31)))
    assert all(path.stat().st_size <= 500 for path in (*rotated, log) if path.exists())
    moved = log.with_name("moved")
    log.rename(moved)
    say(client, 31)
    eventually(lambda: utterances(log) == [31])


def test_a_full_disk_loses_nothing(client: "redis.Redis", start: Start, log: Path) -> None:
    log.parent.mkdir()
    log.write_text("2026-01-01T00:00:00.000Z STATISTICS scope=all sessions=0\n" * 500)
    listener = start()
    say(client, 1)
    eventually(lambda: utterances(log) == [1])
    # The kernel stops writes in the middle of a line at this size, as it does on a full disk. The
    # limit is for each file of the process: its output file stays far below.
    room = log.stat().st_size + 300
    resource.prlimit(listener.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    say(client, *range(2, 21))
    listener.wait_for("result log cannot be written")
    assert set(utterances(log)) < set(range(1, 21))
    assert unacknowledged(client) > 0
    resource.prlimit(listener.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    eventually(lambda: utterances(log) == list(range(1, 21)) and unacknowledged(client) == 0)
    output = listener.wait_for("result log can be written again")
    assert output.count("result log cannot be written") == 1


def test_a_full_disk_does_not_hold_up_the_end(client: "redis.Redis", start: Start, log: Path) -> None:
    log.parent.mkdir()
    log.symlink_to("/dev/full")
    listener = start()
    say(client, 1)
    listener.wait_for("result log cannot be written")
    assert listener.terminate() == 0
    assert "scope=all" in listener.output
    log.unlink()
    start()
    eventually(lambda: utterances(log) == [1])


def test_redis_away_and_back(client: "redis.Redis", redis_server: RedisServer, start: Start, log: Path) -> None:
    listener = start()
    say(client, 1)
    eventually(lambda: utterances(log) == [1] and unacknowledged(client) == 0)
    redis_server.terminate()
    listener.wait_for("Redis does not answer")
    redis_server.start()
    say(client, 2)
    eventually(lambda: utterances(log) == [1, 2])
    output = listener.wait_for("Redis answers again")
    assert output.count("Redis does not answer") == 1


def test_redis_that_comes_later(redis_server: RedisServer, client: "redis.Redis", start: Start, log: Path) -> None:
    redis_server.kill()
    listener = start()
    listener.wait_for("Redis does not answer")
    redis_server.start()
    say(client, 1)
    eventually(lambda: utterances(log) == [1])


def test_everything_in_redis_is_deleted(client: "redis.Redis", start: Start, log: Path) -> None:
    start()
    say(client, 1)
    eventually(lambda: utterances(log) == [1])
    client.flushall()
    say(client, 2)
    eventually(lambda: utterances(log) == [1, 2])


def test_a_group_that_was_deleted_goes_on_behind_the_log(client: "redis.Redis", start: Start, log: Path) -> None:
    listener = start()
    say(client, 1)
    eventually(lambda: utterances(log) == [1])
    listener.kill()
    client.xgroup_destroy(RESULTS_STREAM, LISTENER_GROUP)
    say(client, 2)
    start()
    eventually(lambda: utterances(log) == [1, 2])


def test_a_stream_of_the_past_is_read_from_its_beginning(client: "redis.Redis", start: Start, log: Path) -> None:
    log.parent.mkdir()
    tomorrow = int((time.time() + 86400) * 1000)
    log.write_text(f'2100-01-01T00:00:00.000Z NEUTRAL +0.000 "x" utterance=0 id={tomorrow}-0\n')
    say(client, 1)
    start()
    eventually(lambda: utterances(log) == [0, 1])


def test_a_wrong_setting_is_a_sentence(start: Start) -> None:
    listener = start(RESULT_LOG_BACKUPS="many")
    assert listener.wait(20) == 1
    assert listener.output == "listener_service: RESULT_LOG_BACKUPS='many': use a whole number\n"
