"""The client against a scripted server on a real socket."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from contracts import codec
from contracts.messages import Accepted, Done, Error, Limits, Ready
from recorder_service.conversation import Conversation, Options, Refused, Unreachable
from recorder_service.displays import JsonLines
from recorder_service.sources import BadAudio, Samples

RATE = 32_000
RECORDING = np.linspace(-1, 1, 10 * 2048, dtype=np.float32)
READY = Ready("s", 0, RATE, "e", "m", "sm", False, False, Limits(262144, 60.0, 15.0))


class Blocks:
    """A Source of the recording in blocks, perhaps damaged at its end."""

    rate = RATE

    def __init__(self, broken: bool = False) -> None:
        self._left = list(RECORDING.reshape(10, 2048))
        self._broken = broken

    async def read(self) -> Samples | None:
        if not self._left and self._broken:
            raise BadAudio("damaged")
        return self._left.pop(0) if self._left else None

    def stop(self) -> None:
        self._left.clear()


async def converse(
    handler: Callable[[ServerConnection], Awaitable[None]], source: Blocks | None = None
) -> tuple[Conversation, list[str]]:
    out = io.StringIO()
    async with serve(handler, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = Options(f"ws://127.0.0.1:{port}/ws", language="en", waits=(0.01, 0.01))
        conversation = Conversation(source or Blocks(), options, JsonLines(out, io.StringIO()))
        await conversation.run()
    return conversation, [json.loads(line)["type"] for line in out.getvalue().splitlines()]


async def take(connection: ServerConnection, audio: bytearray) -> dict[str, object]:
    """Collect audio until a text message comes; returns that."""
    async for data in connection:
        if isinstance(data, str):
            return json.loads(data)
        audio += data
    raise AssertionError("the client left")


def test_start_audio_stop_and_everything_until_done() -> None:
    heard: list[object] = []

    async def server(connection: ServerConnection) -> None:
        audio = bytearray()
        heard.append(await take(connection, audio))
        await connection.send(codec.dumps(READY))
        heard.append(await take(connection, audio))
        heard.append(np.frombuffer(bytes(audio), "<f4"))
        await connection.send('{"type":"news_of_tomorrow"}')
        await connection.send(codec.dumps(Done("s", 10240, 0)))

    conversation, shown = asyncio.run(converse(server))
    start, stop, audio = heard
    assert (start["type"], start["sample_rate"], start["language"]) == ("start", RATE, "en")
    assert stop == {"type": "stop"}
    assert np.array_equal(audio, RECORDING)
    assert shown == ["ready", "done"]
    assert conversation.failures == 0


def test_after_a_lost_connection_all_that_was_not_accepted_comes_again() -> None:
    sessions: list[bytearray] = []

    async def server(connection: ServerConnection) -> None:
        audio = bytearray()
        sessions.append(audio)
        await take(connection, audio)
        await connection.send(codec.dumps(READY))
        await take(connection, audio)
        if len(sessions) == 1:
            await connection.send(codec.dumps(Accepted("s", 6000)))
            await (await connection.ping())  # so that the client has read it
            connection.transport.abort()
        else:
            await connection.send(codec.dumps(Done("s", 0, 0)))

    asyncio.run(converse(server))
    first, second = (np.frombuffer(bytes(audio), "<f4") for audio in sessions)
    assert np.array_equal(first, RECORDING)
    assert np.array_equal(second, RECORDING[6000:])


def test_a_refusal_is_told_with_the_servers_words_and_not_tried_again() -> None:
    async def server(connection: ServerConnection) -> None:
        error = Error("s", "bad_start", "sample_rate 1 is not in 8000..96000")
        await connection.send(codec.dumps(error))
        await connection.close(1008)

    with pytest.raises(Refused, match=r"\(1008\): sample_rate 1 is not in 8000"):
        asyncio.run(converse(server))


def test_a_server_that_stays_away_ends_in_unreachable() -> None:
    async def server(connection: ServerConnection) -> None:
        connection.transport.abort()

    with pytest.raises(Unreachable, match="lost and not found again"):
        asyncio.run(converse(server))


def test_what_was_read_of_a_damaged_file_still_gets_its_words() -> None:
    received = bytearray()

    async def server(connection: ServerConnection) -> None:
        await take(connection, received)
        assert (await take(connection, received))["type"] == "stop"
        await connection.send(codec.dumps(Done("s", 0, 0)))

    with pytest.raises(BadAudio, match="damaged"):
        asyncio.run(converse(server, Blocks(broken=True)))
    assert len(received) == RECORDING.nbytes


def test_an_utterance_without_result_counts_as_a_failure() -> None:
    async def server(connection: ServerConnection) -> None:
        await connection.send(codec.dumps(Error("s", "busy", "Redis is away", retryable=True)))
        await connection.send(codec.dumps(Error("s", "stt_failed", "broken", stage="stt", utterance=0)))
        await connection.send(codec.dumps(Done("s", 0, 1)))

    conversation, shown = asyncio.run(converse(server))
    assert conversation.failures == 1
    assert shown == ["error", "error", "done"]
