"""The listener and the stream `results`: what is missing from it, what it removes, a full memory."""

from contracts import keys
from contracts.names import LISTENER_GROUP, RESULTS_STREAM
from listener_service import line
from listener_service.results import CONSUMER, Results
from tests.eventually import eventually
from tests.listeners import Listeners

NOBODY = "nobody"


def test_results_that_were_removed_unread_are_told_once(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1] and listeners.unacknowledged() == 0)
    listener.kill()
    listeners.say(2, 3, 4, 5, 6)
    listeners.redis.xtrim(RESULTS_STREAM, maxlen=2, approximate=False)
    listener = listeners.start()
    eventually(lambda: listeners.utterances() == [1, 5, 6])
    (lost,) = (found for found in listeners.lines() if found.fields.get("code") == line.LOST)
    assert lost.kind == line.ERROR
    assert (lost.fields["count"], lost.fields["first"], lost.fields["n"]) == ("3", "2", "4")
    assert lost.fields["before"] == listeners.lines()[2].fields["id"]
    assert "removed from the stream before they were read" in listener.output
    listener.kill()
    listeners.snapshot.unlink(missing_ok=True)  # the log alone must do
    listeners.say(7)
    listeners.start()
    eventually(lambda: listeners.utterances() == [1, 5, 6, 7])
    assert len([found for found in listeners.lines() if found.fields.get("code") == line.LOST]) == 1


def test_results_that_somebody_has_read_past_are_fetched(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1] and listeners.unacknowledged() == 0)
    listener.kill()
    listeners.say(*range(2, 302))
    listeners.redis.xgroup_setid(RESULTS_STREAM, LISTENER_GROUP, "$")
    listeners.say(302)
    listeners.start()
    eventually(lambda: listeners.utterances() == list(range(1, 303)) and listeners.unacknowledged() == 0)
    assert [found.fields["n"] for found in listeners.lines()] == [str(n) for n in range(1, 303)]


def test_a_group_that_was_set_back_writes_nothing_twice_though_the_log_was_moved(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1, 2, 3)
    eventually(lambda: listeners.utterances() == [1, 2, 3] and listeners.unacknowledged() == 0)
    listener.terminate()
    listeners.log.rename(listeners.log.with_name("2026-01-31.log"))
    listeners.redis.xgroup_setid(RESULTS_STREAM, LISTENER_GROUP, "0")
    listeners.say(4)
    listeners.start()
    eventually(lambda: 4 in listeners.utterances() and listeners.unacknowledged() == 0)
    assert listeners.utterances() == [4]


def test_probes_take_numbers_and_are_not_missing(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1)
    listeners.say(*range(150), session="probe-1")
    eventually(lambda: listeners.unacknowledged() == 0 and listeners.utterances() == [1])
    listener.kill()
    listeners.say(2)
    listeners.start()
    eventually(lambda: listeners.utterances() == [1, 2])
    assert [found.fields["n"] for found in listeners.lines()] == ["1", "152"]


def test_a_counter_that_began_again_is_told(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1, 2)
    eventually(lambda: listeners.utterances() == [1, 2])
    listeners.redis.flushall()
    listeners.say(3, 4)
    eventually(lambda: listeners.utterances() == [1, 2, 3, 4])
    (told,) = (found for found in listeners.lines() if found.kind == line.ERROR)
    assert (told.fields["code"], told.fields["n"]) == (line.RESTARTED, "0")
    assert listener.running


def test_entries_of_an_older_writer_have_no_number(listeners: Listeners) -> None:
    listeners.say(1, 2)
    bodies = [fields[b"body"] for _, fields in listeners.redis.xrange(RESULTS_STREAM)]
    for body in bodies:
        listeners.redis.xadd(RESULTS_STREAM, {"body": body})
    listeners.say(3)
    listeners.start()
    eventually(lambda: listeners.utterances() == [1, 2, 1, 2, 3])
    assert [found.fields.get("n") for found in listeners.lines()] == ["1", "2", None, None, "3"]


def test_what_is_acknowledged_and_old_is_removed_and_nothing_else(listeners: Listeners) -> None:
    results = Results(listeners.redis, NOBODY, keep=10)
    results.join("0-0")
    listeners.redis.set(keys.LISTENER, NOBODY)
    listeners.say(*range(30))
    ids = listeners.ids()
    results.tidy()
    assert listeners.ids() == ids, "nothing is read"
    taken = [entry.id for entry in results.take()]
    results.acknowledge(taken[:5] + taken[6:])
    results.tidy()
    assert listeners.ids() == ids[5:], "the sixth is not acknowledged"
    results.acknowledge(taken)
    results.tidy()
    assert listeners.ids() == ids[20:]


def test_many_are_removed_in_several_pages(listeners: Listeners) -> None:
    results = Results(listeners.redis, NOBODY, keep=100)
    results.join("0-0")
    listeners.redis.set(keys.LISTENER, NOBODY)
    listeners.say(*range(1200))
    while taken := results.take():
        results.acknowledge([entry.id for entry in taken])
    results.tidy()
    assert len(listeners.ids()) == 100
    assert listeners.redis.xpending_range(RESULTS_STREAM, LISTENER_GROUP, "-", "+", 1, CONSUMER) == []


def test_a_full_memory_does_not_keep_it_from_writing(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1)
    eventually(lambda: listeners.utterances() == [1])
    listener.terminate()
    listeners.say(2)
    listeners.redis.config_set("maxmemory", "1")
    listeners.start()
    eventually(lambda: listeners.utterances() == [1, 2] and listeners.unacknowledged() == 0)
