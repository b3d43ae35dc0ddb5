"""Clients that read nothing, send too fast, say nothing or are too many."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.eventually import PATIENCE, eventually
from tests.running_gateway import RunningGateway, Talker, played_pipeline, silence, voice

LONG_ID = 10**4000


@contextlib.contextmanager
def meanwhile(work: Any) -> Iterator[None]:
    """Run `work` in a thread that a closed connection ends."""

    def until_closed() -> None:
        with contextlib.suppress(ConnectionClosed):
            work()

    thread = threading.Thread(target=until_closed)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_client_that_does_not_read_is_closed_and_told_why(tmp_path: Path) -> None:
    with played_pipeline(tmp_path, send_timeout_seconds=0.5) as (gateway, _), gateway.connect() as talker:
        talker.say("start")
        talker.wait_for("ready")

        def ask_without_end() -> None:
            while True:
                talker.say("ping", id=LONG_ID)

        with meanwhile(ask_without_end):
            eventually(lambda: gateway.health()["sessions"] == 0)
            with gateway.connect() as other:
                other.speak(np.concatenate([voice(1.0), silence(1.0)]))
                other.wait_for("result")
            assert talker.until_closed() == (4008, "slow_reader")


def test_a_sender_that_is_too_fast_is_slowed_and_nothing_is_lost(tmp_path: Path) -> None:
    said = np.concatenate([voice(2.0), silence(1.0)] * 10)
    with played_pipeline(tmp_path, max_lead_seconds=5.0) as (gateway, workers):
        workers.held.set()
        with gateway.connect() as talker, meanwhile(lambda: _say_all(talker, said)):
            eventually(lambda: _stored(gateway) >= 3)
            wait_until_slowed(talker)
            assert _stored(gateway) <= 4
            workers.held.clear()
            assert talker.until_closed() == (1000, "done")
    assert len(talker.of("result")) == 10 and not talker.of("error")
    assert talker.of("done")[0]["samples"] == len(said)


def _say_all(talker: Talker, samples: Any) -> None:
    talker.speak(samples)
    talker.say("stop")


def wait_until_slowed(talker: Talker) -> None:
    """`accepted` repeats itself while nothing is read."""
    before = -1
    while True:
        now = talker.wait_for("accepted")["samples"]
        if now == before:
            return
        before = now


def _stored(gateway: RunningGateway) -> int:
    with redis.Redis.from_url(gateway.settings.redis_url) as client:
        return len(client.keys("audio:*"))


def test_two_hundred_sockets_that_say_nothing_take_no_place(tmp_path: Path) -> None:
    async def crowd(gateway: RunningGateway) -> None:
        async with contextlib.AsyncExitStack() as silent:
            for _ in range(200):
                socket = connect(f"ws://127.0.0.1:{gateway.port}/ws", open_timeout=PATIENCE, ping_interval=None)
                await silent.enter_async_context(socket)
            await asyncio.to_thread(_one_can_speak, gateway)

    with played_pipeline(tmp_path, max_sessions=1) as (gateway, _):
        asyncio.run(crowd(gateway))


def _one_can_speak(gateway: RunningGateway) -> None:
    assert gateway.health()["sessions"] == 0
    with gateway.connect() as talker:
        talker.speak(np.concatenate([voice(1.0), silence(1.0)]))
        talker.wait_for("result")
        with redis.Redis.from_url(gateway.settings.redis_url) as client:
            channels = client.pubsub_channels("sess:*")
        assert len(channels) == 2, "one for the session, one that keeps the connection open"


def test_more_sessions_than_places_are_told_to_wait(tmp_path: Path) -> None:
    with played_pipeline(tmp_path, max_sessions=1) as (gateway, _):
        with gateway.connect() as first:
            first.say("start")
            first.wait_for("ready")
            with gateway.connect() as second:
                second.say("start")
                error = second.wait_for("error")
                assert error["code"] == "full" and error["retryable"] and "(1 sessions)" in error["message"]
                assert second.until_closed() == (1013, "full")
        eventually(lambda: gateway.health()["sessions"] == 0)
        with gateway.connect() as third:
            third.say("start")
            third.wait_for("ready")
