import asyncio
import dataclasses

import numpy as np
import pytest

from contracts.messages import Error
from contracts.socket_messages import Accepted, Done
from recorder_service.closing import Refused
from recorder_service.conversation import Conversation
from recorder_service.gateways import Unreachable
from recorder_service.options import Options
from recorder_service.sources import BadAudio
from tests.unit.recorder_service.played_server import (
    QUICK,
    RATE,
    RECORDING,
    Blocks,
    Peer,
    Talk,
    converse,
    playing,
    result,
)
from tests.unit.recorder_service.played_server import ready as welcome


async def whole(peer: Peer) -> None:
    await peer.say(welcome())
    assert (await peer.text()) == {"type": "stop"}
    await peer.say(Done("s", len(RECORDING), 0))


def test_start_audio_stop_and_everything_until_done() -> None:
    async def server(peer: Peer) -> None:
        await peer.connection.send('{"type":"news_of_tomorrow"}')
        await whole(peer)

    talk = converse(Talk(), server)
    start = talk.peers[0].start
    assert (start["type"], start["sample_rate"], start["language"]) == ("start", RATE, "en")
    assert (start["session"], start["key"], start["after"]) == (None, None, None)
    assert np.array_equal(talk.peers[0].audio, RECORDING)
    assert talk.kinds == ["ready", "done"]
    assert "Not understood" in talk.notes[0]
    assert talk.failures == 0


def test_a_refusal_is_told_with_the_servers_words_and_not_tried_again() -> None:
    async def server(peer: Peer) -> None:
        await peer.close(4000, Error("s", "bad_start", "sample_rate 1 is not in 8000..96000"))

    talk = Talk()
    with pytest.raises(Refused, match=r"\(4000\): sample_rate 1 is not in 8000"):
        converse(talk, server)
    assert len(talk.peers) == 1


def test_what_was_read_of_a_damaged_file_still_gets_its_words() -> None:
    talk = Talk()
    with pytest.raises(BadAudio, match="damaged"):
        converse(talk, whole, source=Blocks(broken=True))
    assert np.array_equal(talk.peers[0].audio, RECORDING)
    assert talk.kinds == ["ready", "done"]


def test_an_utterance_without_result_counts_as_a_failure() -> None:
    async def server(peer: Peer) -> None:
        await peer.say(welcome(), Error("s", "busy", "Redis is away", retryable=True))
        await peer.say(Error("s", "stt_failed", "broken", stage="stt", utterance=1, seq=1), result(2))
        await peer.say(Done("s", 0, 2))

    talk = converse(Talk(), server)
    assert talk.failures == 1
    assert talk.kinds == ["ready", "error", "error", "result", "done"]


def test_no_answer_at_first_is_unreachable_at_once() -> None:
    async def nobody() -> None:
        async with playing(Talk(), whole) as url:
            port = url
        await Conversation(Blocks(), Options((port,), waits=QUICK), Talk()).run()

    with pytest.raises(Unreachable, match="Cannot connect to ws://127"):
        asyncio.run(nobody())


def test_a_server_that_stays_away_ends_in_a_sentence() -> None:
    async def server(peer: Peer) -> None:
        await peer.cut(welcome(480 if peer.start["session"] else 0, resumed=True), Accepted("s", 480))

    talk = Talk()
    waits = dataclasses.replace(QUICK, patience=0.1)
    with pytest.raises(Unreachable, match=r"Gave up after 0.1 s without progress; 0.6 s of audio were not accepted"):
        converse(talk, server, waits=waits)
    assert len(talk.peers) > 2
    assert all("trying again in" in note for note in talk.notes if "lost" in note)


def test_a_server_that_answers_nothing_but_pings_is_alive() -> None:
    async def server(peer: Peer) -> None:
        await peer.say(welcome())
        assert await peer.text() == {"type": "stop"}
        await peer.pinged(20)
        await peer.say(Done("s", 0, 0))

    talk = converse(Talk(), server, waits=dataclasses.replace(QUICK, dead=0.3))
    assert len(talk.peers) == 1
    assert talk.kinds == ["ready", "done"]
