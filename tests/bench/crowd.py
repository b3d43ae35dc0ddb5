"""Many clients in one process, all speaking at real time; tells as JSON how it went.

`python -m tests.bench.crowd URL CLIENTS SECONDS GATEWAY_PID`. Every second each client sends a ping; the gateway
answers it after all audio that came before it, so the time to the pong is how far behind it hears.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from contracts.audio import SAMPLE_RATE, Samples
from tests.bench import speech
from tests.bench.percentile import percentile
from tests.bench.usage import cpu_seconds, memory_mb

BLOCK = 1024
BLOCK_SECONDS = BLOCK / SAMPLE_RATE
TALK_SECONDS = 30
PAUSE_SECONDS = 2.0
PINGS_EVERY = 16
"""Blocks: about a second."""
OPENING_SECONDS = 60
DONE_SECONDS = 20
OPENING_AT_ONCE = 20


@dataclass
class Client:
    """What one client saw."""

    sent: int = 0
    utterances: int | None = None
    taken: int | None = None
    results: int = 0
    late_ms: float = 0.0
    pongs_ms: list[float] = field(default_factory=list)
    trouble: str = ""


@dataclass(frozen=True)
class Outcome:
    """What all of them saw. `lost` are the clients of which not all audio or not all results came through."""

    clients: int
    seconds: float
    lost: int
    trouble: list[str]
    lag_p50_ms: float
    lag_p99_ms: float
    lag_max_ms: float
    late_max_ms: float
    utterances: int
    gateway_cpu_percent: float
    gateway_memory_mb: float
    crowd_cpu_percent: float


async def crowd(url: str, count: int, seconds: float, pid: int) -> Outcome:
    blocks = _blocks(speech.talk(TALK_SECONDS, PAUSE_SECONDS))
    clients = [Client() for _ in range(count)]
    door = asyncio.Semaphore(OPENING_AT_ONCE)
    sockets = await asyncio.gather(*(_open(url, door) for _ in clients))
    began, cpu, own = time.monotonic(), cpu_seconds(pid), time.process_time()
    speaking = [
        _speak(client, socket, blocks, seconds, place / count)
        for place, (client, socket) in enumerate(zip(clients, sockets, strict=True))
    ]
    listening = [asyncio.create_task(_listen(client, socket)) for client, socket in zip(clients, sockets, strict=True)]
    await asyncio.gather(*speaking)
    took = time.monotonic() - began
    cpu, own, memory = cpu_seconds(pid) - cpu, time.process_time() - own, memory_mb(pid)
    await asyncio.wait(listening, timeout=DONE_SECONDS)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, *(socket.close() for socket in sockets), return_exceptions=True)
    return _outcome(clients, took, 100 * cpu / took, memory, 100 * own / took)


async def _open(url: str, door: asyncio.Semaphore) -> ClientConnection:
    async with door, asyncio.timeout(OPENING_SECONDS):
        socket = await connect(url, compression=None, max_size=None, ping_interval=None)
        await socket.send(json.dumps({"type": "start", "language": "en"}))
        first = json.loads(await socket.recv())
        if first["type"] != "ready":
            raise RuntimeError(f"a session was refused: {first}")
        return socket


async def _speak(client: Client, socket: ClientConnection, blocks: list[bytes], seconds: float, place: float) -> None:
    """From another place of the same talk than the others, and at another moment within a block."""
    begin = time.monotonic() + place * BLOCK_SECONDS
    first = round(place * len(blocks))
    try:
        for number in range(round(seconds / BLOCK_SECONDS)):
            wait = begin + number * BLOCK_SECONDS - time.monotonic()
            await asyncio.sleep(max(0.0, wait))
            await socket.send(blocks[(first + number) % len(blocks)])
            client.sent += BLOCK
            client.late_ms = max(client.late_ms, 1000 * (time.monotonic() - begin - number * BLOCK_SECONDS))
            if number % PINGS_EVERY == PINGS_EVERY - 1:
                await socket.send(json.dumps({"type": "ping", "id": time.monotonic_ns()}))
        await socket.send(json.dumps({"type": "stop"}))
    except ConnectionClosed as closed:
        client.trouble = f"closed while speaking: {closed}"


async def _listen(client: Client, socket: ClientConnection) -> None:
    try:
        async for text in socket:
            _take(client, json.loads(text))
    except ConnectionClosed as closed:
        client.trouble = client.trouble or f"closed: {closed}"


def _take(client: Client, message: dict[str, Any]) -> None:
    match message["type"]:
        case "pong":
            client.pongs_ms.append((time.monotonic_ns() - message["id"]) / 1e6)
        case "result":
            client.results += 1
        case "error":
            client.trouble = f"{message['code']}: {message['message']}"
        case "done":
            client.taken, client.utterances = message["samples"], message["utterances"]


def _blocks(audio: Samples) -> list[bytes]:
    whole = len(audio) // BLOCK * BLOCK
    return [audio[at : at + BLOCK].astype("<f4").tobytes() for at in range(0, whole, BLOCK)]


def _outcome(clients: list[Client], seconds: float, cpu: float, memory: float, own: float) -> Outcome:
    whole = [c for c in clients if not c.trouble and c.taken == c.sent and c.utterances == c.results]
    lags = [ms for client in clients for ms in client.pongs_ms] or [float("inf")]
    return Outcome(
        clients=len(clients),
        seconds=round(seconds, 1),
        lost=len(clients) - len(whole),
        trouble=sorted({c.trouble for c in clients if c.trouble})[:3],
        lag_p50_ms=round(percentile(lags, 50), 1),
        lag_p99_ms=round(percentile(lags, 99), 1),
        lag_max_ms=round(max(lags), 1),
        late_max_ms=round(max(client.late_ms for client in clients), 1),
        utterances=sum(client.utterances or 0 for client in clients),
        gateway_cpu_percent=round(cpu, 1),
        gateway_memory_mb=round(memory),
        crowd_cpu_percent=round(own, 1),
    )


def main() -> None:
    url, count, seconds, pid = sys.argv[1:]
    outcome = asyncio.run(crowd(url, int(count), float(seconds), int(pid)))
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    main()
