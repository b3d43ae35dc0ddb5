"""The reference client and the real gateway: whatever breaks between them, each utterance comes once."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from contracts.messages import Result
from contracts.socket_messages import Accepted, Done, Ready
from recorder_service.closing import TakenOver
from recorder_service.conversation import Conversation
from recorder_service.options import Options, Waits
from recorder_service.sources import AudioFile, Samples
from scripts.procfile import ROOT
from tests.e2e.relay import Relay
from tests.eventually import PATIENCE, eventually
from tests.played_workers import PlayedWorkers
from tests.processes import RedisServer, clean_environ
from tests.running_gateway import RunningGateway, silence, voice

UTTERANCES = 4
WAITS = Waits(first=0.05, longest=0.5, dead=PATIENCE, ping=0.5, patience=PATIENCE)


def spoken(rate: int) -> Samples:
    """Utterances of which each is louder than the one before, so that a sample in the wrong place shows."""
    pieces = []
    for number in range(UTTERANCES):
        pieces += [silence(0.6, rate), voice(0.8, rate) * (0.85 + 0.02 * number), silence(0.6, rate)]
    return np.concatenate(pieces)


def write(path: Path, rate: int = 16_000) -> Path:
    soundfile.write(path, spoken(rate), rate, subtype="FLOAT")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "spoken.wav")


@pytest.fixture
def workers(redis_server: RedisServer) -> Iterator[PlayedWorkers]:
    with PlayedWorkers(redis_server.url) as played:
        yield played


@pytest.fixture
def gateway(redis_server: RedisServer, workers: PlayedWorkers) -> Iterator[RunningGateway]:
    with RunningGateway(redis_server.url) as running:
        yield running


class Trouble:
    """A Display that makes trouble when a message is shown."""

    def __init__(self, make: Callable[[Any, "Trouble"], None]) -> None:
        self.shown: list[Any] = []
        self.notes: list[str] = []
        self._make = make

    def show(self, message: object, offset: float) -> None:
        self.shown.append(message)
        assert offset == 0.0, "one session from the beginning to the end"
        self._make(message, self)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.shown if isinstance(message, kind)]


def stream(source: AudioFile, display: Trouble, *urls: str, waits: Waits = WAITS) -> Conversation:
    async def run() -> Conversation:
        conversation = Conversation(source, Options(urls, waits=waits), display)
        await conversation.run()
        return conversation

    return asyncio.run(run())


def check(display: Trouble, workers: PlayedWorkers, file: Path) -> None:
    """Every utterance was heard whole, at its place, and answered once."""
    (session,) = {ready.session for ready in display.of(Ready)}
    assert [event.seq for event in display.shown if getattr(event, "seq", None)] == list(range(1, 2 * UTTERANCES + 1))
    results = sorted(display.of(Result), key=lambda result: result.start)
    assert [result.utterance for result in results] == list(range(1, UTTERANCES + 1))
    assert display.of(Done)[-1].utterances == UTTERANCES
    recording, rate = soundfile.read(file, dtype="float32")
    assert display.of(Done)[-1].samples == len(recording)
    for number, result in enumerate(results):
        assert abs(result.start - (2.0 * number + 0.6)) < 0.5
        pcm = np.frombuffer(workers.audio[session, result.utterance], "<i2") / 32_768
        voiced = pcm[np.abs(pcm) > 0.01]
        assert abs(len(voiced) / 16_000 - 0.8) < 0.05, f"utterance {result.utterance} is not whole"
        assert abs(np.abs(pcm).max() - 0.95 * (0.85 + 0.02 * number)) < 0.01
    assert all(accepted.samples <= len(recording) for accepted in display.of(Accepted))


@pytest.mark.parametrize(("rate", "fast"), [(16_000, True), (48_000, False)])
def test_cut_at_every_piece_of_news(
    tmp_path: Path, rate: int, fast: bool, gateway: RunningGateway, workers: PlayedWorkers
) -> None:
    file = write(tmp_path / "spoken.wav", rate)
    with Relay(gateway.port) as relay:

        def cut(message: Any, display: Trouble) -> None:
            if isinstance(message, Accepted | Result):
                relay.cut()

        display = Trouble(cut)
        conversation = stream(AudioFile(file, fast), display, f"ws://127.0.0.1:{relay.port}/ws")
    assert conversation.failures == 0
    # How many cuts meet a link in use depends on how much of the news came in one piece.
    assert any(ready.resumed for ready in display.of(Ready))
    check(display, workers, file)


def test_a_cut_after_stop_while_the_words_are_still_awaited(
    file: Path, gateway: RunningGateway, workers: PlayedWorkers
) -> None:
    workers.held.set()
    whole = soundfile.info(file).frames
    with Relay(gateway.port) as relay:

        def cut_at_the_end(message: Any, display: Trouble) -> None:
            connections = len(display.of(Ready))
            if isinstance(message, Accepted) and message.samples == whole and connections == 1:
                relay.cut()
            elif isinstance(message, Ready) and connections in (2, 3):
                relay.cut()
            elif isinstance(message, Ready) and connections == 4:
                workers.held.clear()

        display = Trouble(cut_at_the_end)
        assert stream(AudioFile(file, fast=True), display, f"ws://127.0.0.1:{relay.port}/ws").failures == 0
    check(display, workers, file)


def test_a_link_that_passes_nothing_any_more(file: Path, gateway: RunningGateway, workers: PlayedWorkers) -> None:
    with Relay(gateway.port) as hole, Relay(gateway.port) as way:

        def stall(message: Any, display: Trouble) -> None:
            if isinstance(message, Result) and message.utterance == 2:
                hole.stall()

        display = Trouble(stall)
        urls = [f"ws://127.0.0.1:{relay.port}/ws" for relay in (hole, way)]
        assert stream(AudioFile(file), display, *urls, waits=replace(WAITS, dead=2.0)).failures == 0
    assert any(note.startswith("Nothing came from the server for 2 s") for note in display.notes)
    check(display, workers, file)


def test_a_gateway_that_ends_is_followed_by_the_other_one(
    file: Path, redis_server: RedisServer, gateway: RunningGateway, workers: PlayedWorkers
) -> None:
    command = [sys.executable, "-m", "recorder_service", "stream", str(file), "--json"]
    with RunningGateway(redis_server.url) as first:
        command += ["--url", f"localhost:{first.port},localhost:{gateway.port}"]
        child = subprocess.Popen(
            command, cwd=ROOT, env=clean_environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        eventually(lambda: first.health()["sessions"] == 1)
        eventually(lambda: len(workers.finals) >= 2)
    out, errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, errors
    assert "trying again in" in errors
    messages = [json.loads(line) for line in out.splitlines()]
    assert [m["seq"] for m in messages if m.get("seq")] == list(range(1, 2 * UTTERANCES + 1))
    first_one, *others = [m["resumed"] for m in messages if m["type"] == "ready"]
    assert not first_one and others and all(others)
    assert {m["key"] for m in messages if m["type"] == "ready"} == {""}
    assert messages[-1]["type"] == "done" and messages[-1]["utterances"] == UTTERANCES


def test_somebody_else_with_the_key_takes_it_over(file: Path, gateway: RunningGateway) -> None:
    with gateway.connect() as other:

        def take_over(message: Any, display: Trouble) -> None:
            if isinstance(message, Result) and message.utterance == 1:
                (ready,) = display.of(Ready)
                other.say("start", session=ready.session, key=ready.key, after=0)

        display = Trouble(take_over)
        with pytest.raises(TakenOver, match="Another client has gone on"):
            stream(AudioFile(file), display, f"ws://127.0.0.1:{gateway.port}/ws")
        assert other.wait_for("ready")["resumed"]


def test_a_session_that_the_server_has_lost_goes_on_as_a_new_one(
    file: Path, gateway: RunningGateway, workers: PlayedWorkers, redis_server: RedisServer
) -> None:
    import redis

    with Relay(gateway.port) as relay, redis.Redis.from_url(redis_server.url) as client:

        def lose(message: Any, display: Trouble) -> None:
            if isinstance(message, Result) and message.utterance == 2 and len(display.of(Ready)) == 1:
                client.flushall()
                relay.cut()
                lost.set()

        class Anywhere(Trouble):
            def show(self, message: object, offset: float) -> None:
                offsets.append(offset)
                super().show(message, 0.0)

        class UntilLost(AudioFile):
            """No third utterance is begun before the session is lost, whoever is slow."""

            given = 0

            async def read(self) -> Samples | None:
                if self.given >= 4.5 * self.rate:
                    await lost.wait()
                block = await super().read()
                self.given += len(block) if block is not None else 0
                return block

        lost = asyncio.Event()
        offsets: list[float] = []
        display = Anywhere(lose)
        stream(UntilLost(file), display, f"ws://127.0.0.1:{relay.port}/ws")
    assert [ready.resumed for ready in display.of(Ready)] == [False, False]
    assert any("A new session goes on" in note for note in display.notes)
    places = [r.start + o for r, o in zip(display.shown, offsets, strict=True) if isinstance(r, Result)]
    assert len(places) == UTTERANCES
    assert all(abs(place - (2.0 * n + 0.6)) < 0.5 for n, place in enumerate(places)), "times stay the recording's"
