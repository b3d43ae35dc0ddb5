import numpy as np

from contracts.messages import Error
from contracts.socket_messages import Accepted, Done
from tests.unit.recorder_service.played_server import (
    BLOCK,
    RATE,
    RECORDING,
    Blocks,
    Peer,
    Spoken,
    Talk,
    converse,
    ready,
    to_the_end,
)


def test_a_file_is_not_read_beyond_what_may_be_kept() -> None:
    source = Blocks()
    left: list[int] = []

    async def server(peer: Peer) -> None:
        await peer.say(ready())
        await peer.samples(3 * BLOCK)
        await peer.pinged(3)
        left.append(len(source.left))
        assert len(peer.audio) == 3 * BLOCK
        for sent in range(4, 11):
            await peer.say(Accepted("s", (sent - 3) * BLOCK))
            await peer.samples(sent * BLOCK)
        assert await peer.text() == {"type": "stop"}
        await peer.say(Done("s", 0, 0))

    talk = converse(Talk(), server, source=source, keep_seconds=3 * BLOCK / RATE)
    assert left == [6], "one more is in hand"
    assert np.array_equal(talk.peers[0].audio, RECORDING)


def test_what_could_not_be_kept_is_silence_in_a_session_that_goes_on_and_told() -> None:
    source = Spoken()

    async def first(peer: Peer) -> None:
        await peer.say(ready())
        await source.speak(2)
        await peer.samples(2 * BLOCK)
        await peer.cut(Accepted("s", 1000))

    async def second(peer: Peer) -> None:
        await source.speak(8)
        source.stop()
        await to_the_end(peer, 1500)

    talk = converse(Talk(), first, second, source=source, keep_seconds=3 * BLOCK / RATE)
    given_up = 7 * BLOCK
    assert not talk.peers[1].audio[: given_up - 1500].any()
    assert np.array_equal(talk.peers[1].audio[given_up - 1500 :], RECORDING[given_up:])
    assert f"{(given_up - 1500) / RATE:.1f} s of audio could not be kept; silence takes its place" in talk.notes
    assert set(talk.offsets) == {0.0}


def test_what_could_not_be_kept_is_missing_in_a_new_session_whose_times_are_right() -> None:
    source = Spoken()

    async def full(peer: Peer) -> None:
        await source.speak(10)
        source.stop()
        await peer.close(1013, Error(None, "full", "no place", retryable=True))

    talk = converse(Talk(), full, to_the_end, source=source, keep_seconds=3 * BLOCK / RATE)
    assert np.array_equal(talk.peers[1].audio, RECORDING[7 * BLOCK :])
    assert talk.offsets[-1] == 7 * BLOCK / RATE
    assert "0.4 s of audio could not be kept and are missing" in talk.notes
