"""The listener as a process against a real Redis: each result is in its log exactly once, whatever
is killed, moved, filled up or thrown at it."""

import contextlib
import json
import resource
import threading
import time
from pathlib import Path

import redis

from contracts import keys
from contracts.commit import commit
from contracts.messages import Error
from contracts.names import LISTENER_GROUP, RESULTS_STREAM
from docker import service_health
from listener_service.line import parse
from tests.eventually import eventually
from tests.listeners import Listeners
from tests.processes import RedisServer


def test_results_and_errors_become_lines_in_the_log_and_on_the_console(listeners: Listeners) -> None:
    listeners.say(1)  # before there is a group
    listener = listeners.start()
    eventually(lambda: listeners.utterances() == [1])
    listeners.say(2, text="two\nlines")
    commit(listeners.redis, Error("s1", "audio_gone", "the audio is gone", stage="stt", utterance=3))
    eventually(lambda: listeners.utterances() == [1, 2, 3])
    written = listeners.lines()
    assert [(line.kind, line.text) for line in written] == [
        ("POSITIVE", "I love this"),
        ("POSITIVE", "two\nlines"),
        ("ERROR", "the audio is gone"),
    ]
    assert [line.fields["id"] for line in written] == listeners.ids()
    eventually(lambda: listeners.unacknowledged() == 0)
    assert listener.terminate() == 0
    assert all(str(line) in listener.output for line in written)


def test_statistics_at_an_interval_and_at_exit(listeners: Listeners) -> None:
    listener = listeners.start(STATISTICS_SECONDS="1")
    listeners.say(1, 2)
    listeners.say(1, session="s2")
    eventually(lambda: listeners.lines(statistics=True) and len(listeners.utterances()) == 3)
    listener.interrupt()
    assert listener.wait() == 0
    last = listeners.lines(statistics=True)[-3:]
    assert [line.fields.get("session") for line in last] == [None, "s2", "s1"]
    assert last[0].fields["sessions"] == "2"
    assert [line.fields["utterances"] for line in last] == ["3", "1", "2"]
    assert last[0].fields["positive"] == "100.0%"
    assert str(last[0]) in listener.output


def test_each_result_is_written_once_across_kills(listeners: Listeners) -> None:
    for first in (1, 31, 61):
        listener = listeners.start()
        listeners.say(*range(first, first + 30))
        eventually(lambda first=first: max(listeners.utterances(), default=0) > first)
        listener.kill()
    listeners.start()
    eventually(lambda: len(listeners.utterances()) == 90 and listeners.unacknowledged() == 0)
    assert listeners.utterances() == list(range(1, 91))


def test_what_is_written_but_not_acknowledged_is_not_written_again(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1, 2)
    eventually(lambda: listeners.utterances() == [1, 2] and listeners.unacknowledged() == 0)
    listener.kill()
    listeners.redis.xgroup_setid(RESULTS_STREAM, LISTENER_GROUP, "0")  # as if Redis had lost its last second
    listeners.log.rename(listeners.log.with_name(listeners.log.name + ".1"))
    listeners.log.write_text("torn in the mid")
    listeners.say(3)
    listeners.start()
    eventually(lambda: listeners.unacknowledged() == 0 and b" id=" in listeners.log.read_bytes())
    torn, *rest = listeners.log.read_text().splitlines()
    assert torn == "torn in the mid (torn)"
    assert [parse(text).fields["utterance"] for text in rest] == ["3"]


def test_entries_that_are_no_events_are_told_and_passed(listeners: Listeners) -> None:
    for body in (b"not json", b'{"type":"ready"}', b"\xff\xfe", b'{"type":"result","session":7}'):
        listeners.redis.xadd(RESULTS_STREAM, {"body": body})
    listeners.redis.xadd(RESULTS_STREAM, {"something": "else"})
    listeners.start()
    listeners.say(1)
    eventually(lambda: len(listeners.lines()) == 6)
    assert [line.fields.get("code") for line in listeners.lines()] == ["unreadable_entry"] * 5 + [None]
    eventually(lambda: listeners.unacknowledged() == 0)


def test_rotates_and_reopens(listeners: Listeners) -> None:
    listeners.start(RESULT_LOG_MAX_BYTES="500", RESULT_LOG_BACKUPS="50")
    listeners.say(*range(1, 31))
    eventually(lambda: listeners.utterances(*listeners.files()) == list(range(1, 31)))
    assert all(path.stat().st_size <= 500 for path in listeners.files())
    listeners.log.rename(listeners.log.with_name("moved"))
    listeners.say(31)
    eventually(lambda: listeners.utterances() == [31])


def test_a_full_disk_loses_nothing(listeners: Listeners) -> None:
    listeners.log.parent.mkdir()
    listeners.log.write_text("2026-01-01T00:00:00.000Z STATISTICS scope=all sessions=0\n" * 500)
    listener = listeners.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1])
    # The kernel stops writes in the middle of a line at this size, as it does on a full disk. The
    # limit is for each file of the process: its output file stays far below.
    room = listeners.log.stat().st_size + 300
    resource.prlimit(listener.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    listeners.say(*range(2, 21))
    listener.wait_for("result log cannot be written")
    assert set(listeners.utterances()) < set(range(1, 21))
    assert listeners.unacknowledged() > 0
    resource.prlimit(listener.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    eventually(lambda: listeners.utterances() == list(range(1, 21)) and listeners.unacknowledged() == 0)
    output = listener.wait_for("result log can be written again")
    assert output.count("result log cannot be written") == 1


def test_a_full_disk_does_not_hold_up_the_end(listeners: Listeners) -> None:
    listeners.log.parent.mkdir()
    listeners.log.symlink_to("/dev/full")
    listener = listeners.start()
    listeners.say(1)
    listener.wait_for("result log cannot be written")
    assert listener.terminate() == 0
    assert "scope=all" in listener.output
    listeners.log.unlink()
    listeners.start()
    eventually(lambda: listeners.utterances() == [1])


def test_redis_away_and_back(redis_server: RedisServer, listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1] and listeners.unacknowledged() == 0)
    redis_server.terminate()
    listener.wait_for("Redis does not answer")
    redis_server.start()
    listeners.say(2)
    eventually(lambda: listeners.utterances() == [1, 2])
    output = listener.wait_for("Redis answers again")
    assert output.count("Redis does not answer") == 1


def test_redis_killed_again_and_again_while_results_arrive(redis_server: RedisServer, listeners: Listeners) -> None:
    listener = listeners.start()
    eventually(lambda: listeners.redis.exists(keys.LISTENER))
    stopped = threading.Event()
    said: list[int] = []

    def talk() -> None:
        while not stopped.is_set():
            with contextlib.suppress(redis.RedisError):  # as a worker does: again until it is committed
                listeners.say_again(len(said) + 1)
                said.append(len(said) + 1)

    talking = threading.Thread(target=talk)
    talking.start()
    for goal in (100, 200, 300):
        eventually(lambda goal=goal: listeners.written() >= goal, interval=0.001)
        redis_server.kill()
        redis_server.start()
    stopped.set()
    talking.join()
    eventually(lambda: listeners.written() >= len(said) and listeners.unacknowledged() == 0)
    assert listeners.utterances() == said
    assert listener.running


def test_its_heartbeat_tells_how_it_is(listeners: Listeners, tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    listeners.log.parent.mkdir()
    listeners.log.symlink_to("/dev/full")
    listeners.start(HEARTBEAT_FILE=str(beat))
    eventually(lambda: service_health.problem(beat, time.time()) is None)
    listeners.say(1)
    eventually(lambda: "result log cannot be written" in str(service_health.problem(beat, time.time())))
    listeners.start("other", HEARTBEAT_FILE=str(tmp_path / "other"))
    eventually(lambda: service_health.problem(tmp_path / "other", time.time()))
    listeners.log.unlink()
    eventually(lambda: listeners.utterances() == [1])
    pair = (beat, tmp_path / "other")
    eventually(lambda: [service_health.problem(path, time.time()) for path in pair] == [None, None])
    # one writes, the other stands by and says so
    eventually(lambda: sorted(bool(json.loads(path.read_text())["reason"]) for path in pair) == [False, True])


def test_redis_that_comes_later(redis_server: RedisServer, listeners: Listeners) -> None:
    redis_server.kill()
    listener = listeners.start()
    listener.wait_for("Redis does not answer")
    redis_server.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1])


def test_everything_in_redis_is_deleted(listeners: Listeners) -> None:
    listeners.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1])
    listeners.redis.flushall()
    listeners.say(2)
    eventually(lambda: listeners.utterances() == [1, 2])


def test_a_group_that_was_deleted_goes_on_behind_the_log(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1])
    listener.kill()
    listeners.redis.xgroup_destroy(RESULTS_STREAM, LISTENER_GROUP)
    listeners.say(2)
    listeners.start()
    eventually(lambda: listeners.utterances() == [1, 2])


def test_a_stream_of_the_past_is_read_from_its_beginning(listeners: Listeners) -> None:
    listeners.log.parent.mkdir()
    tomorrow = int((time.time() + 86400) * 1000)
    listeners.log.write_text(f'2100-01-01T00:00:00.000Z NEUTRAL +0.000 "x" utterance=0 id={tomorrow}-0\n')
    listeners.say(1)
    listeners.start()
    eventually(lambda: listeners.utterances() == [0, 1])


def test_a_wrong_setting_is_a_sentence(listeners: Listeners) -> None:
    listener = listeners.start(RESULT_LOG_BACKUPS="many")
    assert listener.wait() == 1
    assert listener.output == "listener_service: RESULT_LOG_BACKUPS='many': use a whole number\n"
