"""A client that speaks sentences at real time and notes when each message came.

It waits for the result of one sentence before it speaks the next, so that every queue is empty
when an utterance enters it; silence goes on meanwhile, as with an open microphone.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from contracts import codec
from contracts.audio import SAMPLE_RATE, Samples
from contracts.messages import Result, Transcript
from tests.bench.parts import Seen

BLOCK = 1024
BLOCK_SECONDS = BLOCK / SAMPLE_RATE
SHORTEST_PAUSE_SECONDS = 1.2
PATIENCE_SECONDS = 30
SILENCE: Samples = np.zeros(BLOCK, np.float32)


class Talker:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._next_block = time.monotonic()
        self._transcripts: dict[int, tuple[Transcript, float]] = {}
        self.seen: list[Seen] = []
        self.ready: dict[str, Any] = {}

    async def listen(self) -> None:
        """Note what comes until the server closes."""
        async for text in self._socket:
            now = time.time()
            data = json.loads(text)
            if data["type"] == "transcript":
                event = codec.decode(data, Transcript)
                self._transcripts[event.utterance] = event, now
            elif data["type"] == "result":
                transcript, at = self._transcripts.pop(data["utterance"])
                self.seen.append(Seen(transcript, at, codec.decode(data, Result), now))
            elif data["type"] == "ready":
                self.ready = data
            elif data["type"] == "error":
                raise RuntimeError(f"the pipeline said {data['code']}: {data['message']}")

    async def say(self, sentence: Samples) -> None:
        """Speak, then be silent until its result is there."""
        results = len(self.seen)
        for at in range(0, len(sentence), BLOCK):
            await self._send(sentence[at : at + BLOCK])
        silent_since = time.monotonic()
        while time.monotonic() < silent_since + SHORTEST_PAUSE_SECONDS or len(self.seen) == results:
            if time.monotonic() > silent_since + PATIENCE_SECONDS:
                raise TimeoutError(f"no result within {PATIENCE_SECONDS} s of the end of a sentence")
            await self._send(SILENCE)

    async def stop(self) -> None:
        await self._socket.send(json.dumps({"type": "stop"}))

    async def _send(self, block: Samples) -> None:
        await asyncio.sleep(self._next_block - time.monotonic())
        self._next_block += BLOCK_SECONDS
        await self._socket.send(block.astype("<f4").tobytes())


async def converse(url: str, sentences: Sequence[Samples]) -> tuple[list[Seen], dict[str, Any]]:
    """One session with all sentences: what came of them, and the server's `ready`."""
    async with connect(url, compression=None, max_size=None) as socket:
        talker = Talker(socket)
        await socket.send(json.dumps({"type": "start"}))
        listening = asyncio.create_task(talker.listen())
        speaking = asyncio.create_task(_speak(talker, sentences))
        await asyncio.wait({listening, speaking}, return_when=asyncio.FIRST_COMPLETED)
        if not speaking.done():
            speaking.cancel()
        await asyncio.gather(listening, speaking)
    return talker.seen, talker.ready


async def _speak(talker: Talker, sentences: Sequence[Samples]) -> None:
    for sentence in sentences:
        await talker.say(sentence)
    await talker.stop()
