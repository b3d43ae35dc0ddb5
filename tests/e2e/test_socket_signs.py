"""A Redis whose packets are swallowed answers nothing and refuses nothing: the client hears of it all the same."""

import json

import numpy as np
import pytest

from contracts.audio import Samples
from fastapi_service.gateway import Patience
from tests.e2e.relay import Relay
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway, silence, voice

SENTENCE = np.concatenate([voice(1.5), silence(1.0)])


@pytest.mark.parametrize("said", [SENTENCE, silence(3.0)], ids=["an-utterance", "silence"])
def test_signs_of_life_come_while_an_attempt_hangs(redis_server: RedisServer, said: Samples) -> None:
    patience = Patience(sign_of_life_seconds=0.2)
    with PlayedWorkers(redis_server.url), Relay(redis_server.port) as relay:
        with RunningGateway(f"redis://127.0.0.1:{relay.port}/0", patience) as gateway, gateway.connect() as talker:
            talker.speak(SENTENCE)
            talker.wait_for("result", utterance=1)
            relay.stall()
            talker.speak(said)
            told: list[int] = []
            while len(told) < 3 or len(set(told[-3:])) > 1:  # the same thrice: nothing was accepted meanwhile
                message = json.loads(talker.socket.recv(60))
                assert message["type"] != "error", "an attempt came to its end before any sign of life"
                told += [message["samples"]] if message["type"] == "accepted" else []
            relay.flow()
            talker.speak(SENTENCE)
            talker.wait_for("result", utterance=3 if said is SENTENCE else 2)
