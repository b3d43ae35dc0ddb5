import dataclasses
import random

import numpy as np
import pytest

from contracts.socket_messages import Accepted, Done, Limits
from tests.unit.recorder_service.played_server import RECORDING, Peer, Talk, converse, ready, result


@pytest.mark.parametrize("seed", range(2))
def test_hundreds_of_breaks_anywhere_cost_no_sample_and_double_no_event(seed: int) -> None:
    chance = random.Random(seed)
    events = [result(seq) for seq in range(1, 101)]
    taken = np.zeros(0, np.float32)
    accepted = told = 0

    async def server(peer: Peer) -> None:
        """Takes a little, forgets some of what it has not accepted, and breaks off."""
        nonlocal taken, accepted, told
        resumed = peer.start["session"] is not None
        if not resumed:  # the first one, perhaps some times: its `ready` is lost with the connection
            taken, accepted, told = taken[:0], 0, 0
        after = peer.start["after"] or 0
        assert after <= told, "it cannot have seen what was not sent"
        taken = taken[: chance.randint(accepted, len(taken))]
        begin = len(taken)
        welcome = ready(begin, resumed=resumed)
        await peer.say(dataclasses.replace(welcome, limits=Limits(400, 60.0, 15.0)), *events[after:told])
        for _ in range(chance.randrange(3)):
            count = min(len(peer.audio) + chance.randrange(1, 100), len(RECORDING) - begin)
            await peer.samples(count)
            taken = np.concatenate([taken, peer.audio[len(taken) - begin : count]])
            if chance.random() < 0.5:
                accepted = len(taken)
                await peer.say(Accepted("s", accepted))
            told = min(told + 1, len(events))
            await peer.say(events[told - 1])
        if len(taken) < len(RECORDING) or told < len(events):
            peer.connection.transport.abort()
            return
        assert await peer.text() == {"type": "stop"}
        await peer.say(Done("s", len(RECORDING), len(events)))

    talk = converse(Talk(), server)
    assert np.array_equal(taken, RECORDING)
    assert talk.seqs == list(range(1, 101))
    assert len(talk.peers) > 200
    assert talk.failures == 0
