"""The live socket with a real Redis, a real uvicorn and played workers: what a session is and does."""

from collections.abc import Iterator

import numpy as np
import pytest
import redis

from contracts import audio
from tests.eventually import eventually
from tests.played_workers import PlayedWorkers
from tests.running_gateway import RunningGateway, Talker, played_pipeline, silence, voice

SENTENCE = np.concatenate([silence(0.5), voice(2.0), silence(1.2)])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGateway, PlayedWorkers]]:
    with played_pipeline(tmp_path_factory.mktemp("socket")) as both:
        yield both


@pytest.fixture
def gateway(running: tuple[RunningGateway, PlayedWorkers]) -> RunningGateway:
    return running[0]


@pytest.fixture
def workers(running: tuple[RunningGateway, PlayedWorkers]) -> PlayedWorkers:
    return running[1]


def store(gateway: RunningGateway) -> "redis.Redis":
    return redis.Redis.from_url(gateway.settings.redis_url)


def test_binary_alone_is_a_session_with_defaults(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.speak(SENTENCE)
        ready = talker.wait_for("ready")
        result = talker.wait_for("result")
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    assert (ready["samples"], ready["sample_rate"], ready["engine"]) == (0, 16000, "played")
    assert ready["model"] == "played-speech" and ready["sentiment_model"] == "played-sentiment"
    assert ready["limits"] == {"max_frame_bytes": 262144, "max_lead_seconds": 60.0, "max_utterance_seconds": 15.0}
    done = {"type": "done", "session": ready["session"], "samples": len(SENTENCE), "utterances": 1}
    assert talker.of("done") == [done]
    assert 0.1 < result["start"] < 0.6 and 2.4 < result["end"] < 2.9
    kinds = [message["type"] for message in talker.heard if message["type"] not in ("accepted", "partial")]
    assert kinds == ["ready", "transcript", "result", "done"]
    assert [message["seq"] for message in talker.heard if "seq" in message] == [1, 2]


@pytest.mark.parametrize(("form", "dtype"), [("f32le", "<f4"), ("s16le", "<i2")])
def test_the_worker_gets_the_very_samples(
    gateway: RunningGateway, workers: PlayedWorkers, form: str, dtype: str
) -> None:
    sent = SENTENCE if form == "f32le" else np.rint(SENTENCE * 32767)
    with gateway.connect("/ws/") as talker:
        talker.say("start", format=form)
        talker.speak(sent, frame=777, dtype=dtype)
        result = talker.wait_for("result")
    task = next(task for task in workers.finals if task.session == result["session"])
    start, end = round(task.start * 16000), round(task.end * 16000)
    heard = SENTENCE if form == "f32le" else audio.decode_pcm(sent.astype("<i2").tobytes(), form)
    assert workers.audio[task.session, task.utterance] == audio.to_s16le(heard[start:end])
    assert 0 < task.spoken_at <= task.accepted_at <= task.sent_at and task.trace
    assert task.language is None and task.task == "transcribe" and task.speech_seconds == pytest.approx(2.0, abs=0.1)


def test_options_reach_the_worker(gateway: RunningGateway, workers: PlayedWorkers) -> None:
    with gateway.connect() as talker:
        talker.say("start", language="ko", task="translate", partials=False, words=True)
        session = talker.wait_for("ready")["session"]
        talker.speak(np.concatenate([voice(4.0), silence(1.0)]))
        talker.wait_for("result")
    mine = [task for task in workers.tasks if task.session == session]
    assert [(task.kind, task.language, task.task, task.words) for task in mine] == [("final", "ko", "translate", True)]


def test_partials_come_while_speaking_and_stop_with_the_words(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.speak(voice(1.5))
        first = talker.wait_for("partial")
        talker.speak(np.concatenate([voice(3.0), silence(1.0)]))
        talker.wait_for("result")
        talker.say("stop")
        talker.until_closed()
    assert first["utterance"] == 1 and (first["stable"] + first["tail"]).startswith("utterance 1 of")
    kinds = [message["type"] for message in talker.heard]
    assert "partial" not in kinds[kinds.index("transcript") :]


def test_stop_makes_final_what_was_said(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.speak(voice(1.0))
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    assert len(talker.of("result")) == 1
    assert talker.of("accepted")[-1]["samples"] == talker.of("done")[0]["samples"] == 16000


def test_stop_alone_is_answered(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    assert [message["type"] for message in talker.heard] == ["ready", "done"]


def test_silence_is_accepted_without_a_word(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        for _ in range(4):
            talker.speak(silence(2.0))
            talker.wait_for("accepted")
        talker.say("stop")
        talker.until_closed()
    counts = [message["samples"] for message in talker.of("accepted")]
    assert counts == sorted(counts) and counts[-1] == 8 * 16000
    assert {message["type"] for message in talker.heard} == {"ready", "accepted", "done"}


def test_ping_is_answered_before_and_during_a_session(gateway: RunningGateway) -> None:
    with gateway.connect() as talker:
        talker.say("ping", id=7)
        assert talker.wait_for("pong") == {"type": "pong", "session": None, "id": 7}
        talker.say("start")
        session = talker.wait_for("ready")["session"]
        talker.say("ping")
        assert talker.wait_for("pong") == {"type": "pong", "session": session, "id": None}


def test_sessions_do_not_mix(gateway: RunningGateway, workers: PlayedWorkers) -> None:
    with gateway.connect() as one, gateway.connect() as two:
        long, short = np.concatenate([voice(3.0), silence(1.0)]), np.concatenate([voice(1.0), silence(3.0)])
        for at in range(0, len(long), 1600):
            one.speak(long[at : at + 1600])
            two.speak(short[at : at + 1600])
        for talker in (one, two):
            talker.say("stop")
            talker.until_closed()
    for talker, seconds in ((one, 3.0), (two, 1.0)):
        session = talker.of("ready")[0]["session"]
        assert {message["session"] for message in talker.heard} == {session}
        assert [task.speech_seconds for task in workers.finals if task.session == session] == [
            pytest.approx(seconds, abs=0.1)
        ]
        assert len(talker.of("result")) == 1


def test_what_is_said_at_once_is_sent_in_its_order(gateway: RunningGateway, workers: PlayedWorkers) -> None:
    with gateway.connect() as talker:
        talker.speak(np.concatenate([voice(0.5), silence(0.9)] * 12), frame=60_000)
        talker.say("stop")
        assert talker.until_closed() == (1000, "done")
    session = talker.of("ready")[0]["session"]
    assert [task.utterance for task in workers.finals if task.session == session] == list(range(1, 13))


def test_what_was_accepted_goes_on_when_the_client_vanishes(gateway: RunningGateway, workers: PlayedWorkers) -> None:
    workers.held.set()
    try:
        with gateway.connect() as talker:
            talker.speak(SENTENCE)
            session = talker.wait_for("ready")["session"]
            eventually(lambda: _accepted_all_of(talker, 2.0))
            talker.socket.socket.close()
        eventually(lambda: gateway.health()["sessions"] == 0)
    finally:
        workers.held.clear()
    with store(gateway) as client:
        eventually(lambda: any(session.encode() in entry[b"body"] for _, entry in client.xrange("results")))
        assert not client.exists(f"audio:{session}:1")


def _accepted_all_of(talker: Talker, seconds: float) -> bool:
    return talker.wait_for("accepted")["samples"] > seconds * 16000
