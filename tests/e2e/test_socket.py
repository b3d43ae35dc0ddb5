"""The live socket with a real Redis, a real uvicorn and played workers."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway, silence, voice

SENTENCE = np.concatenate([silence(0.5), voice(2.0), silence(1.2)])


@pytest.fixture
def workers(redis_server: RedisServer) -> Iterator[PlayedWorkers]:
    with PlayedWorkers(redis_server.url) as played:
        yield played


@pytest.fixture
def gateway(redis_server: RedisServer, workers: PlayedWorkers) -> Iterator[RunningGateway]:
    with RunningGateway(redis_server.url) as running:
        yield running


def test_binary_alone_is_a_session_with_defaults(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.speak(SENTENCE)
        ready = talker.wait_for("ready")
        result = talker.wait_for("result")
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    assert (ready["samples"], ready["sample_rate"], ready["engine"]) == (0, 16000, "played")
    assert ready["model"] == "played-speech" and ready["sentiment_model"] == "played-sentiment"
    assert result["utterance"] == 1 or result["utterance"] == 0
    assert talker.of("done") == [
        {"type": "done", "session": ready["session"], "samples": len(SENTENCE), "utterances": 1}
    ]
    kinds = [m["type"] for m in talker.heard]
    assert kinds.index("transcript") < kinds.index("result") < kinds.index("done")
