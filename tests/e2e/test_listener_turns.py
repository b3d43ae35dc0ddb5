"""Several listeners of one log: one writes, another takes over, and whatever is killed or stopped
for a while, each result is in the log once and in its order."""

import fcntl
import os
import random
import signal
import threading
from pathlib import Path

from contracts import keys
from contracts.names import LISTENER_GROUP, RESULTS_STREAM
from tests.eventually import eventually
from tests.listeners import Listeners

MANY = 2000
ROUNDS = 10
EACH = MANY // ROUNDS


def say_some(listeners: Listeners, turn: int) -> threading.Thread:
    """Round number `turn` of the many, in two sessions, from a thread."""

    def talk() -> None:
        for utterance in range(turn * EACH // 2 + 1, (turn + 1) * EACH // 2 + 1):
            listeners.say(utterance, session="s1")
            listeners.say(utterance, session="s2")

    thread = threading.Thread(target=talk)
    thread.start()
    return thread


def check_many(listeners: Listeners) -> None:
    eventually(lambda: listeners.written() >= MANY and listeners.unacknowledged() == 0)
    assert listeners.utterances(session="s1") == list(range(1, MANY // 2 + 1))
    assert listeners.utterances(session="s2") == list(range(1, MANY // 2 + 1))
    assert [line.fields["id"] for line in listeners.lines()] == listeners.ids()
    assert [line.fields["n"] for line in listeners.lines()] == [str(n) for n in range(1, MANY + 1)]


def test_another_takes_over_when_the_first_ends_or_is_killed(listeners: Listeners) -> None:
    first = listeners.start("first")
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1])
    second = listeners.start("second")
    second.wait_for("standing by")
    assert first.terminate() == 0
    listeners.say(2)
    eventually(lambda: listeners.utterances() == [1, 2])
    third = listeners.start("third")
    third.wait_for("standing by")
    second.kill()
    listeners.say(3)
    eventually(lambda: listeners.utterances() == [1, 2, 3])
    assert "taking over" in third.output
    assert third.terminate() == 0
    assert listeners.totals()["utterances"] == "3"


def test_one_that_died_on_another_machine_is_followed_when_its_lock_runs_out(listeners: Listeners) -> None:
    listeners.redis.xgroup_create(RESULTS_STREAM, LISTENER_GROUP, id="0", mkstream=True)
    listeners.say(1, 2, 3)
    listeners.redis.xreadgroup(LISTENER_GROUP, "listener", {RESULTS_STREAM: ">"}, count=2)
    listeners.redis.set(keys.LISTENER, "elsewhere-7/another-kernel:1/99")
    listener = listeners.start()
    assert "elsewhere-7" in listener.wait_for("standing by")
    listeners.redis.pexpire(keys.LISTENER, 1000)
    eventually(lambda: listeners.utterances() == [1, 2, 3] and listeners.unacknowledged() == 0)


def test_what_another_consumer_has_left_lying_is_taken(listeners: Listeners) -> None:
    listeners.redis.xgroup_create(RESULTS_STREAM, LISTENER_GROUP, id="0", mkstream=True)
    listeners.say(1, 2)
    listeners.redis.xreadgroup(LISTENER_GROUP, "by-hand", {RESULTS_STREAM: ">"})
    listeners.redis.xclaim(RESULTS_STREAM, LISTENER_GROUP, "by-hand", 0, listeners.ids(), idle=20_000)
    listeners.start()
    eventually(lambda: listeners.utterances() == [1, 2] and listeners.unacknowledged() == 0)


def test_one_that_is_stopped_and_wakes_up_writes_nothing_twice(listeners: Listeners) -> None:
    first = listeners.start("first")
    listeners.say(*range(1, 11))
    eventually(lambda: listeners.utterances() == list(range(1, 11)))
    second = listeners.start("second")
    second.wait_for("standing by")
    first.signal(signal.SIGSTOP)
    listeners.say(*range(11, 31))
    second.wait_for("taking over")
    eventually(lambda: listeners.utterances() == list(range(1, 31)) and listeners.unacknowledged() == 0)
    first.signal(signal.SIGCONT)
    first.wait_for("standing by")
    listeners.say(*range(31, 41))
    eventually(lambda: listeners.utterances() == list(range(1, 41)))
    second.terminate()
    listeners.say(*range(41, 51))
    eventually(lambda: listeners.utterances() == list(range(1, 51)) and listeners.unacknowledged() == 0)
    first.terminate()
    assert listeners.totals()["utterances"] == "50"


def test_one_that_was_stopped_while_it_writes_is_waited_for(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1])
    folder = os.open(listeners.log.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # as the stopped one has it
    listeners.say(2)
    listener.wait_for("another process is writing it")
    assert listeners.utterances() == [1]
    os.close(folder)
    eventually(lambda: listeners.utterances() == [1, 2] and listeners.unacknowledged() == 0)


def test_killed_at_random_moments_while_2000_results_arrive(listeners: Listeners) -> None:
    chance = random.Random(7)
    for turn in range(ROUNDS):
        listener = listeners.start()
        listener.wait_for("this listener writes the log")
        talking = say_some(listeners, turn)
        goal = turn * EACH + chance.randrange(EACH)
        eventually(lambda goal=goal: listeners.written() >= goal, interval=0.001)
        listener.kill()
        talking.join()
    listeners.start()
    check_many(listeners)


def test_two_that_are_stopped_killed_and_started_in_turn(listeners: Listeners) -> None:
    """Each is stopped in whatever it is doing; the other one takes over and has its turn of it."""
    chance = random.Random(11)
    pair = [listeners.start("left"), listeners.start("right")]
    for turn in range(ROUNDS):
        talking = say_some(listeners, turn)
        goal = turn * EACH // 2 + chance.randrange(EACH // 2)
        eventually(lambda goal=goal: listeners.written() >= goal, interval=0.001)
        one = pair[turn % 2]
        one.signal(signal.SIGSTOP)
        talking.join()
        if chance.random() < 0.5:
            one.kill()
            one.start()
        else:
            one.signal(signal.SIGCONT)
    check_many(listeners)


def test_logs_on_two_machines_are_each_whole_from_their_first_line_on(listeners: Listeners, tmp_path: Path) -> None:
    """The stream has what the other one has written meanwhile."""
    there = tmp_path / "elsewhere" / "result_listener.log"
    listener = listeners.start("here")
    listeners.say(1, 2)
    eventually(lambda: listeners.utterances() == [1, 2] and listeners.unacknowledged() == 0)
    other = listeners.start("there", RESULT_LOG=str(there))
    other.wait_for("standing by")
    listener.kill()
    listeners.say(3, 4)
    eventually(lambda: listeners.utterances(there) == [3, 4] and listeners.unacknowledged() == 0)
    listener.start()
    other.terminate()
    listeners.say(5)
    eventually(lambda: listeners.utterances() == [1, 2, 3, 4, 5])
