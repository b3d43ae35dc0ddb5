"""Finals that wait: partials become fewer and stop, new sessions are sent away with the expected wait, and
everything comes back by itself."""

import asyncio
import json
import time
from pathlib import Path

import numpy as np
from celery import Celery
from redis.asyncio import Redis

from contracts import broker, codec, keys
from contracts.audio import Samples
from contracts.messages import AnalyzeTask, TranscribeTask, Transcript
from contracts.names import ANALYZE_TASK, ANALYZER_QUEUE, STT_QUEUE, TRANSCRIBE_TASK
from fastapi_service import backlog
from fastapi_service.backlog import Backlog
from tests.eventually import PATIENCE, eventually
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer
from tests.running_gateway import RunningGateway, Talker, played_pipeline, silence, voice

SENTENCE = np.concatenate([voice(1.0), silence(1.0)])
LONG = np.concatenate([voice(6.0), silence(1.0)])


def read(url: str) -> Backlog:
    async def reading() -> Backlog:
        async with Redis.from_url(url) as client:
            return await backlog.read(client, time.time())

    return asyncio.run(reading())


def test_the_age_of_what_waits_is_read_from_real_tasks(redis_server: RedisServer) -> None:
    assert read(redis_server.url).queues[STT_QUEUE].oldest is None
    now = time.time()
    transcript = Transcript("s", 1, 0, 1, "words", "en", 0.9, 0.9, "e", "m")
    with Celery("test", set_as_current=False) as celery:
        celery.conf.update(broker.celery_settings(redis_server.url))
        for at in (100, 50, 10):
            task = codec.encode(TranscribeTask("s", 1, sent_at=now - at))
            celery.send_task(TRANSCRIBE_TASK, kwargs={"message": task}, queue=STT_QUEUE)
        task = codec.encode(AnalyzeTask(transcript, sent_at=now - 30))
        celery.send_task(ANALYZE_TASK, kwargs={"message": task}, queue=ANALYZER_QUEUE)
    seen = read(redis_server.url)
    assert seen.queues[STT_QUEUE].length == 3
    now_after = time.time()
    assert 100 <= (seen.queues[STT_QUEUE].oldest or 0) <= 100 + now_after - now
    assert 30 <= (seen.queues[ANALYZER_QUEUE].oldest or 0) <= 30 + now_after - now


def test_entries_that_nobody_understands_have_no_age(redis_server: RedisServer) -> None:
    async def put() -> None:
        async with Redis.from_url(redis_server.url) as client:
            await client.lpush(STT_QUEUE, b"\xffnonsense")
            await client.set(ANALYZER_QUEUE, "no list at all")
            await client.zadd(keys.PENDING, {"s:1": 1000 * (time.time() - 70)})

    asyncio.run(put())
    seen = read(redis_server.url)
    assert (seen.queues[STT_QUEUE].length, seen.queues[STT_QUEUE].oldest) == (1, None)
    assert (seen.queues[ANALYZER_QUEUE].length, seen.pending) == (0, 1)
    assert 70 <= seen.overdue < 70 + PATIENCE
    assert seen.memory and seen.memory[0] > 500_000


def level(gateway: RunningGateway) -> str:
    return str(gateway.health()["load"]["level"])


def test_partials_stop_while_finals_wait_and_come_back(tmp_path: Path) -> None:
    with played_pipeline(tmp_path) as (gateway, workers), gateway.connect() as talker:
        eventually(lambda: asked_after(talker, LONG, workers) and level(gateway) == "normal")
        before = len(talker.of("result"))
        workers.held.set()
        talker.speak(np.concatenate([SENTENCE] * 3))
        eventually(lambda: level(gateway) == "off")
        assert gateway.health()["load"]["partials"] is False
        talker.speak(LONG)
        eventually(lambda: gateway.health()["queues"]["stt_queue"]["length"] == 3)
        workers.held.clear()
        talker.wait_for("result", utterance=before + 4)
        assert asked(workers, before + 4) == 0
        eventually(lambda: level(gateway) == "normal")
        eventually(lambda: asked_after(talker, LONG, workers))


def asked(workers: PlayedWorkers, utterance: int) -> int:
    return sum(task.kind == "partial" and task.utterance == utterance for task in workers.tasks)


def asked_after(talker: Talker, spoken: Samples, workers: PlayedWorkers) -> bool:
    """Speak until a partial is asked for: one that took long makes the next ones rare for a while."""
    before = len(workers.tasks)
    talker.speak(spoken)
    talker.wait_for("result")
    return any(task.kind == "partial" for task in workers.tasks[before:])


def test_new_sessions_are_told_the_wait_and_those_that_run_or_resume_go_on(tmp_path: Path) -> None:
    with played_pipeline(tmp_path, max_wait_seconds=1.0) as (gateway, workers):
        eventually(lambda: gateway.health()["ready"])
        with gateway.connect() as first, gateway.connect() as broken:
            first.say("start")
            first.wait_for("ready")
            broken.say("start")
            ready = broken.wait_for("ready")
            broken.socket.close()
            workers.held.set()
            first.speak(np.concatenate([SENTENCE] * 3))
            eventually(lambda: gateway.health()["load"]["expected_wait_seconds"] > 1)
            assert gateway.health()["ready"] and "no new sessions" in " ".join(gateway.health()["degraded"])
            refused_for_the_wait(gateway)
            with gateway.connect() as again:
                again.say("start", session=ready["session"], key=ready["key"], after=0)
                assert again.wait_for("ready")["resumed"]
                again.speak(SENTENCE)
                again.wait_for("accepted")
                workers.held.clear()
                again.wait_for("result")
            first.wait_for("result", utterance=3)
        eventually(lambda: starts(gateway))


def refused_for_the_wait(gateway: RunningGateway) -> None:
    with gateway.connect() as late:
        late.say("start")
        error = late.wait_for("error")
        assert error["code"] == "full" and error["retryable"] and error["retry_after"] >= 2
        assert f"{error['retry_after']:.0f} seconds" in error["message"] and "waits" in error["message"]
        assert late.until_closed() == (1013, "full")


def starts(gateway: RunningGateway) -> bool:
    with gateway.connect() as talker:
        talker.say("start")
        first: dict[str, object] = json.loads(talker.socket.recv(PATIENCE))
        return first["type"] == "ready"


def test_while_no_worker_has_ever_been_ready_sessions_are_taken(redis_server: RedisServer) -> None:
    """They load their models; what is said is kept for them."""
    with RunningGateway(redis_server.url, max_wait_seconds=1.0) as gateway, gateway.connect() as first:
        first.speak(SENTENCE)
        first.wait_for("accepted")
        eventually(lambda: gateway.health()["load"]["expected_wait_seconds"] > 1)
        assert starts(gateway)
