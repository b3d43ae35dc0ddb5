"""Statistics go on where they were, however the listener ended, and whatever became of its files."""

import json

from tests.eventually import eventually
from tests.listeners import Listeners


def totals(listeners: Listeners, **settings: str) -> dict[str, str]:
    """What a listener that is started for it counts."""
    listener = listeners.start(f"counting-{listeners.written()}", **settings)
    listener.wait_for("this listener writes the log")
    listener.terminate()
    return listeners.totals()


def test_they_survive_an_ordinary_restart(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1, 2, session="a")
    eventually(lambda: listeners.utterances() == [1, 2])
    listener.terminate()
    first = listeners.totals()
    assert first["utterances"] == "2"
    listener = listeners.start()
    listeners.say(3, session="a")
    listeners.say(1, session="b")
    eventually(lambda: listeners.utterances() == [1, 2, 3, 1])
    listener.terminate()
    shown = {found.fields.get("session"): found.fields for found in listeners.lines(statistics=True)}
    assert (shown[None]["utterances"], shown["a"]["utterances"], shown["b"]["utterances"]) == ("4", "3", "1")
    assert shown[None]["since"] == first["since"]
    assert shown[None]["latency_p50_ms"] == first["latency_p50_ms"]


def test_a_kill_counts_nothing_twice_and_misses_nothing(listeners: Listeners) -> None:
    listener = listeners.start(STATISTICS_SECONDS="1")
    listeners.say(1)
    eventually(lambda: listeners.snapshot.exists() and listeners.totals()["utterances"] == "1")
    since = listeners.totals()["since"]
    listeners.say(*range(2, 11))
    eventually(lambda: listeners.utterances() == list(range(1, 11)))
    listener.kill()
    for _ in range(2):
        found = totals(listeners)
        assert (found["utterances"], found["sessions"], found["since"]) == ("10", "1", since)


def test_without_a_snapshot_they_are_counted_from_the_log_and_its_rotated_files(listeners: Listeners) -> None:
    listener = listeners.start(RESULT_LOG_MAX_BYTES="2000", RESULT_LOG_BACKUPS="50")
    listeners.say(*range(1, 31))
    eventually(lambda: listeners.utterances(*listeners.files()) == list(range(1, 31)))
    listener.terminate()
    first = listeners.totals()
    assert len(listeners.files()) > 2
    names = ("since", "sessions", "utterances", "words", "mean_score", "latency_p95_ms")
    for damage in (None, "", '{"version": 1}'):
        listeners.snapshot.unlink() if damage is None else listeners.snapshot.write_text(damage)
        found = totals(listeners, RESULT_LOG_BACKUPS="50")
        assert [found[name] for name in names] == [first[name] for name in names]


def test_lines_that_a_rotation_removes_were_counted(listeners: Listeners) -> None:
    listener = listeners.start(RESULT_LOG_MAX_BYTES="1000", RESULT_LOG_BACKUPS="0")
    listeners.say(*range(1, 31))
    eventually(lambda: listeners.unacknowledged() == 0 and 30 in listeners.utterances())
    listener.kill()
    assert len(listeners.utterances()) < 30
    assert totals(listeners)["utterances"] == "30"


def test_a_log_that_is_taken_away_does_not_begin_them_anew(listeners: Listeners) -> None:
    listener = listeners.start()
    listeners.say(1, 2)
    eventually(lambda: listeners.utterances() == [1, 2])
    listeners.log.rename(listeners.log.with_name("2026.log"))
    listeners.say(3)
    eventually(lambda: listeners.utterances() == [3])
    listener.kill()
    assert json.loads(listeners.snapshot.read_text())["statistics"]["all"]["utterances"] == 2
    assert totals(listeners)["utterances"] == "3"
