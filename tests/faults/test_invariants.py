"""The checker of the fault harness: it finds nothing in a good run, and each kind of damage in a bad one."""

from dataclasses import replace

import pytest

from tests.faults import invariants
from tests.faults.evidence import (
    ERROR,
    RESULT,
    TRANSCRIPT,
    Connection,
    Entry,
    Event,
    Evidence,
    Had,
    Kept,
    Log,
    Witness,
)
from tests.faults.speech import Spoken

EVENTS = (
    Event(1, TRANSCRIPT, 1, 0.9, 1.9),
    Event(2, RESULT, 1, 0.9, 1.9),
    Event(3, TRANSCRIPT, 2, 3.0, 4.0),
    Event(4, RESULT, 2, 3.0, 4.0),
    Event(5, ERROR, 3, 5.0, 6.0, "gave_up"),
)
HAD = tuple(Had("s", event.seq, event.kind, event.utterance) for event in EVENTS)
RESULTS = (
    Entry("7-0", 1, "s", 1, RESULT),
    Entry("8-0", 2, "s", 2, RESULT),
    Entry("9-0", 3, "s", 3, ERROR),
)
SPOKEN = tuple(Spoken(round(at * 16_000), round((at + 0.8) * 16_000)) for at in (1.0, 3.1, 5.1))
WITNESS = Witness(
    "client",
    (Connection("s", 0, [1, 2]), Connection("s", 2, [3, 4, 5])),
    HAD,
    SPOKEN,
    given=100_000,
    done=(100_000, 3),
)
LEFT = replace(WITNESS, connections=[Connection("s", 0, [1, 2])], had=HAD[:2], accepted=64_000, done=None, left=True)
GOOD = Evidence({"s": Kept(3, 5, EVENTS)}, [WITNESS], RESULTS, Log(RESULTS, counted=(3, 3)))


def with_events(*events: Event, **changes: int) -> Evidence:
    return replace(GOOD, sessions={"s": replace(GOOD.sessions["s"], events=events, **changes)})


def with_witness(**changes: object) -> Evidence:
    return replace(GOOD, witnesses=[replace(WITNESS, **changes)])


def with_lines(*lines: Entry, **changes: object) -> Evidence:
    return replace(GOOD, log=replace(GOOD.log, **({"lines": lines, "counted": None} | changes)))


def test_a_good_run_has_no_differences() -> None:
    assert invariants.differences(GOOD) == []
    assert invariants.missing(GOOD) == invariants.doubled(GOOD) == 0


BAD = {
    "an utterance without an end": (with_events(*EVENTS[:4], seq=4), "utterance 3 was accepted and has 0 ends"),
    "two ends": (with_events(*EVENTS, Event(6, RESULT, 3), seq=6), "utterance 3 was accepted and has 2 ends"),
    "an end of nothing": (with_events(*EVENTS, accepted=2), "utterance 3 has an end and was never accepted"),
    "a result without transcript": (with_events(*EVENTS[1:], seq=5), "utterance 1 has a result and 0 transcripts"),
    "a gap in the numbers": (with_events(*EVENTS[:2], *EVENTS[3:]), "its events are not 1 to 5: missing [3]"),
    "more numbers than events": (with_events(*EVENTS, seq=6), "its events are not 1 to 6"),
    "a connection with a gap": (
        with_witness(connections=(Connection("s", 0, [1, 2, 4, 5]),)),
        "a connection of s after 0 brought [1, 2, 4, 5]",
    ),
    "a connection with a repetition": (
        with_witness(connections=(Connection("s", 0, [1, 2, 2, 3, 4, 5]),)),
        "after 0 brought [1, 2, 2,",
    ),
    "a connection that begins too early": (
        with_witness(connections=(Connection("s", 2, [2, 3, 4, 5]),)),
        "after 2 brought [2, 3, 4, 5]",
    ),
    "a client without an event": (with_witness(had=HAD[:4]), "too few [(5, 'Error', 3)]"),
    "a client with other events": (
        with_witness(had=(*HAD[:4], Had("s", 5, RESULT, 3))),
        "too many [(5, 'Result', 3)]",
    ),
    "a client that left with a gap": (with_witness(left=True, done=None, had=HAD[1:3]), "has of s too few"),
    "a forgotten session": (
        with_witness(connections=(Connection("s", 0, [1, 2]), Connection("t", 0, []))),
        "its session was forgotten",
    ),
    "a client in trouble": (with_witness(trouble="Refused: no"), "ended with Refused: no"),
    "a client that waits": (with_witness(done=None), "was never told that everything is done"),
    "another number of samples": (with_witness(given=100_001), "gave 100001 samples, the server counts 100000"),
    "another number of utterances": (with_witness(done=(100_000, 2)), "told of 2 utterances, 3 were accepted"),
    "speech that nobody heard": (
        with_witness(spoken=(*SPOKEN, Spoken(97_000, 100_000))),
        "nothing came of what was said at 6.2 s",
    ),
    "speech that was accepted of somebody who left": (
        replace(with_events(*EVENTS[:2], seq=2, accepted=1), witnesses=[LEFT]),
        "nothing came of what was said at 3.5 s",
    ),
    "speech heard twice": (
        with_events(*EVENTS[:4], replace(EVENTS[4], start=3.5)),
        "two utterances hold what was said at 3.50 to 4.00 s",
    ),
    "a result that is in no stream": (replace(GOOD, results=RESULTS[:2]), "utterance 3 is in results 0 times"),
    "results with a gap": (replace(GOOD, results=RESULTS[1:]), "not numbered 1 to 2"),
    "a line less": (with_lines(*RESULTS[:2]), "utterance 3 (n=3, id=9-0) has not 1 lines"),
    "a line twice": (with_lines(*RESULTS, RESULTS[2]), "utterance 3 (n=3, id=9-0) has not 1 lines"),
    "a line of nothing": (with_lines(*RESULTS, Entry("10-0", 4, "s", 4, RESULT)), "a line of 10-0, which is in no"),
    "lines in another order": (with_lines(RESULTS[1], RESULTS[0], RESULTS[2]), "the order of the log's lines"),
    "a loss that was none": (with_lines(*RESULTS, lost=frozenset({2}), notices=1), "result 2 was removed, and it"),
    "a line that is none": (with_lines(*RESULTS, unreadable=("x",)), "not a line of the log: 'x'"),
    "wrong statistics": (with_lines(*RESULTS, counted=(4, 3)), "the statistics count 4 lines, 3 stand"),
    "something left over": (replace(GOOD, left_over={"pending": 2}), "left over: pending holds 2"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_kind_of_damage_is_found(name: str) -> None:
    evidence, sentence = BAD[name]
    assert any(sentence in found for found in invariants.differences(evidence)), invariants.differences(evidence)


def test_missing_and_doubled_are_counted() -> None:
    assert invariants.missing(with_events(*EVENTS[:2], seq=2)) == 2
    assert invariants.doubled(with_events(*EVENTS, Event(6, RESULT, 3), seq=6)) == 1
    assert invariants.doubled(with_lines(*RESULTS, RESULTS[2])) == 1


def test_a_client_that_left_has_the_beginning() -> None:
    assert invariants.differences(with_witness(left=True, done=None, had=HAD[:3])) == []


def test_what_the_harness_trimmed_must_be_told_and_is_then_not_missed() -> None:
    trimmed = replace(GOOD.sessions["s"], trimmed=frozenset({3}))
    connections = (WITNESS.connections[0], Connection("s", 2, [4, 5], gone=True))
    told = replace(WITNESS, connections=connections, had=(*HAD[:2], *HAD[3:]))
    assert invariants.differences(replace(GOOD, sessions={"s": trimmed}, witnesses=[told])) == []
    silent = replace(told, connections=(connections[0], replace(connections[1], gone=False)))
    assert invariants.differences(replace(GOOD, sessions={"s": trimmed}, witnesses=[silent])) != []


def test_a_result_that_was_trimmed_has_a_notice_in_place_of_its_line() -> None:
    log = Log((RESULTS[0], RESULTS[2]), frozenset({2}), 1, counted=(3, 3))
    assert invariants.differences(replace(GOOD, log=log, trimmed=frozenset({2}))) == []
    assert invariants.differences(replace(GOOD, log=replace(log, lost=frozenset()), trimmed=frozenset({2}))) != []
