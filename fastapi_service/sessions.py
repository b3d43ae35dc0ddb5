"""Sessions as Redis knows them: who may add to one, how far it has come, what it still waits for.

Any gateway process can go on with any session: nothing that matters is known to one of them alone.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from contracts import audio, codec, keys, ledger
from contracts.messages import TranscribeTask
from fastapi_service.codes import CANNOT_RESUME, TAKEN_OVER, Refusal
from fastapi_service.live.conversation import Origin


@dataclass(frozen=True)
class Identity:
    """One connection of one session. `key` is the client's secret, `owner` this connection's name in
    the ledger."""

    session: str
    key: str
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def new(cls) -> "Identity":
        return cls(secrets.token_urlsafe(12), secrets.token_urlsafe(16))


@dataclass(frozen=True)
class Open:
    """An accepted utterance without a result: its length (samples), and whether its words are out."""

    samples: int
    worded: bool


@dataclass(frozen=True)
class Standing:
    """What a session has come to when a connection begins with it."""

    origin: Origin = field(default_factory=Origin)
    open: Mapping[int, Open] = field(default_factory=dict)


class Sessions:
    """Every method raises RedisError."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def create(self, identity: Identity, created: float) -> None:
        step = ledger.open_session(identity.session, identity.key, identity.owner, created)
        await self.run(step)

    async def take_over(self, identity: Identity, after: int) -> Standing | None:
        """Make the session this connection's; None when it cannot be: see `ledger.take_over`."""
        state = await self.run(ledger.take_over(identity.session, identity.key, identity.owner, after))
        if state is None:
            return None
        settled, utterances, language, numbers = state
        origin = Origin(int(settled), int(utterances), language.decode() or None)
        return Standing(origin, await self._open(identity.session, sorted(map(int, numbers))))

    async def settle(self, identity: Identity, settled: int, language: str | None) -> None:
        """Remember how far the session has come. Raises Refusal when it is another connection's by now."""
        step = ledger.settle(identity.session, identity.owner, settled, language)
        owned(await self.run(step))

    async def run(self, step: ledger.Step) -> Any:
        answer: Any = await self._redis.eval(*step.call)
        return answer

    async def _open(self, session: str, numbers: list[int]) -> dict[int, Open]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.hmget(keys.segment(session, number), ["request", "transcript"])
            entries = await pipe.execute()
        return {
            number: Open(_length(request), transcript is not None)
            for number, (request, transcript) in zip(numbers, entries, strict=True)
            if request is not None  # else its result was committed just now, and is replayed
        }


def owned(answer: int) -> None:
    """Raises Refusal if the step found that the session has another owner, or is not there any more."""
    if answer == ledger.NOT_OWNER:
        raise taken_over()
    if answer == ledger.UNKNOWN:
        raise Refusal(CANNOT_RESUME, "the server's storage has lost this session; start a new one")


def taken_over() -> Refusal:
    return Refusal(TAKEN_OVER, "this session goes on over another connection, which has resumed it")


def _length(request: bytes) -> int:
    task = codec.loads(request, TranscribeTask)
    return round((task.end - task.start) * audio.SAMPLE_RATE)
