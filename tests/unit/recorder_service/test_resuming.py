import dataclasses

import numpy as np
import pytest

from contracts.messages import Error
from contracts.socket_messages import Accepted, Done
from recorder_service.closing import Refused, TakenOver
from tests.unit.recorder_service.played_server import (
    QUICK,
    RATE,
    RECORDING,
    Peer,
    Talk,
    converse,
    cut_at_once,
    ready,
    result,
    to_the_end,
)

CANNOT_RESUME = Error("s", "cannot_resume", "no such session")


def test_another_connection_goes_on_with_the_same_session_where_the_server_says() -> None:
    async def first(peer: Peer) -> None:
        await peer.say(ready(), result(1), result(2))
        await peer.text()
        await peer.cut(Accepted("s", 6000))

    async def second(peer: Peer) -> None:
        await peer.say(ready(7001, resumed=True), result(3))
        assert await peer.text() == {"type": "stop"}
        await peer.say(Done("s", len(RECORDING), 3))

    talk = converse(Talk(), first, second)
    start = talk.peers[1].start
    assert (start["session"], start["key"], start["after"]) == ("s", "secret", 2)
    assert (start["sample_rate"], start["language"]) == (RATE, "en")
    assert np.array_equal(talk.peers[1].audio, RECORDING[7001:])
    assert talk.kinds == ["ready", "result", "result", "accepted", "ready", "result", "done"]
    assert set(talk.offsets) == {0.0}, "the session's time stays the recording's"
    assert talk.failures == 0, "results of both connections count"


def test_an_event_that_comes_again_is_dropped_whichever_connection_it_comes_on() -> None:
    async def first(peer: Peer) -> None:
        await peer.cut(ready(), *map(result, (1, 2, 2, 1, 3)))

    async def second(peer: Peer) -> None:
        assert peer.start["after"] == 3
        lost = Error("s", "events_lost", "some were lost", retryable=True)
        await peer.say(ready(resumed=True), *map(result, (2, 3, 4)), lost, result(4), result(5))
        await peer.text()
        await peer.say(Done("s", 0, 5))

    talk = converse(Talk(), first, second)
    assert talk.seqs == [1, 2, 3, 4, 5]
    assert talk.kinds.count("error") == 1, "what has no number always comes through"
    assert talk.failures == 0


def test_a_break_after_stop_sends_the_rest_and_stop_again() -> None:
    async def first(peer: Peer) -> None:
        await peer.say(ready())
        assert await peer.text() == {"type": "stop"}
        await peer.cut(Accepted("s", 20_000))

    async def second(peer: Peer) -> None:
        await to_the_end(peer, 20_000)

    talk = converse(Talk(), first, second)
    assert np.array_equal(talk.peers[1].audio, RECORDING[20_000:])


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 4008])
def test_a_server_that_restarts_or_fails_is_asked_again(code: int) -> None:
    async def first(peer: Peer) -> None:
        await peer.say(ready())
        if code == 1006:
            peer.connection.transport.abort()
        else:
            await peer.close(code)

    assert len(converse(Talk(), first, to_the_end).peers) == 2


def test_a_session_that_is_lost_is_followed_by_a_new_one_with_what_was_not_accepted() -> None:
    async def first(peer: Peer) -> None:
        await peer.say(ready())
        await peer.text()
        await peer.cut(Accepted("s", 6400), result(7, 1, end=0.3))

    async def second(peer: Peer) -> None:
        await peer.close(4004, CANNOT_RESUME)

    async def third(peer: Peer) -> None:
        await peer.say(ready(session="t"), result(1, session="t"))
        await peer.text()
        await peer.say(Done("t", 0, 1))

    talk = converse(Talk(), first, second, third)
    assert talk.peers[2].start["session"] is None
    assert np.array_equal(talk.peers[2].audio, RECORDING[6400:])
    assert talk.seqs == [7, 1], "numbers begin again"
    assert (talk.offsets[0], talk.offsets[-1]) == (0.0, 6400 / RATE)
    assert talk.failures == 0, "everything accepted had been answered"
    assert any("new session" in note for note in talk.notes)


def test_results_that_a_lost_session_still_owed_are_a_failure_and_told() -> None:
    async def first(peer: Peer) -> None:
        await peer.cut(ready(), Accepted("s", 0))

    async def accepted(peer: Peer) -> None:
        await peer.say(ready(resumed=True))
        await peer.text()
        await peer.cut(Accepted("s", 6400))

    async def lost(peer: Peer) -> None:
        await peer.close(4004, CANNOT_RESUME)

    async def new(peer: Peer) -> None:
        await peer.say(ready(session="t"))
        await peer.text()
        await peer.say(Done("t", 0, 0))

    talk = converse(Talk(), first, accepted, lost, new)
    assert talk.failures == 1
    assert any("will not be shown here" in note for note in talk.notes)


def test_a_session_without_a_key_is_not_asked_for_again() -> None:
    async def first(peer: Peer) -> None:
        await peer.say(ready(key=""))
        await peer.text()
        await peer.cut(Accepted("s", 6000))

    async def second(peer: Peer) -> None:
        await peer.say(ready(session="t", key=""))
        await peer.text()
        await peer.say(Done("t", 0, 0))

    talk = converse(Talk(), first, second)
    assert talk.peers[1].start["session"] is None
    assert np.array_equal(talk.peers[1].audio, RECORDING[6000:])


def test_taken_over_by_another_client_it_ends_and_does_not_come_back() -> None:
    async def server(peer: Peer) -> None:
        await peer.close(4009, ready(), Error("s", "taken_over", "resumed elsewhere"))

    talk = Talk()
    with pytest.raises(TakenOver, match="Another client has gone on"):
        converse(talk, server)
    assert len(talk.peers) == 1
    assert issubclass(TakenOver, Refused)


def test_taken_over_by_a_late_attempt_of_its_own_it_takes_the_session_back_once() -> None:
    async def hangs(peer: Peer) -> None:
        await peer.connection.wait_closed()

    async def taken_over(peer: Peer) -> None:
        await peer.close(4009, ready(resumed=True), Error("s", "taken_over", "resumed elsewhere"))

    waits = dataclasses.replace(QUICK, dead=0.3)
    assert len(converse(Talk(), cut_at_once, hangs, taken_over, to_the_end, waits=waits).peers) == 4
    with pytest.raises(TakenOver):
        converse(Talk(), cut_at_once, hangs, taken_over, taken_over, to_the_end, waits=waits)


def test_a_link_that_swallows_everything_is_given_up_and_the_session_goes_on() -> None:
    async def black_hole(peer: Peer) -> None:
        await peer.say(ready())
        await peer.samples(5000)
        await peer.say(Accepted("s", 5000))
        await peer.connection.wait_closed()

    async def second(peer: Peer) -> None:
        await to_the_end(peer, 5000)

    talk = converse(Talk(), black_hole, second, waits=dataclasses.replace(QUICK, dead=0.3))
    assert np.array_equal(talk.peers[1].audio, RECORDING[5000:])
    assert talk.notes[0].startswith("Nothing came from the server for 0.3 s; trying again in")
