"""Clients that cannot give 16 kHz: their audio arrives as it was, and counts stay in their own samples."""

from collections.abc import Iterator

import numpy as np
import pytest

from contracts import audio
from tests.played_workers import PlayedWorkers
from tests.running_gateway import RunningGateway, played_pipeline, silence, voice


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGateway, PlayedWorkers]]:
    with played_pipeline(tmp_path_factory.mktemp("rates")) as both:
        yield both


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
def test_a_tone_at_another_rate_arrives_as_that_tone(running: tuple[RunningGateway, PlayedWorkers], rate: int) -> None:
    gateway, workers = running
    sent = np.concatenate([silence(1.0, rate), voice(2.0, rate), silence(1.5, rate)])
    with gateway.connect() as talker:
        talker.say("start", sample_rate=rate)
        ready = talker.wait_for("ready")
        talker.speak(sent, frame=1023)
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    assert ready["sample_rate"] == rate
    assert talker.of("done")[0]["samples"] == len(sent)
    accepted = [message["samples"] for message in talker.of("accepted")]
    assert accepted == sorted(accepted) and len(sent) - 16 <= accepted[-1] <= len(sent)

    task = next(task for task in workers.finals if task.session == ready["session"])
    heard = audio.decode_pcm(workers.audio[task.session, task.utterance], "s16le")
    wanted = np.concatenate([silence(1.0), voice(2.0), silence(1.5)])[round(task.start * 16000) :][: len(heard)]
    # the edges of the tone ring a little: a step has no band limit
    inside = slice(round((1.1 - task.start) * 16000), round((2.9 - task.start) * 16000))
    assert np.abs(heard[inside] - wanted[inside]).max() < 1e-3
