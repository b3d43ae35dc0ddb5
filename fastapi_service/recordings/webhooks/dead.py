"""Webhooks that were given up, as the stream `dead_webhooks` keeps them, and those still due."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis

from contracts import keys
from contracts.names import DEAD_WEBHOOKS_STREAM
from fastapi_service.recordings.job import Unreadable
from fastapi_service.recordings.webhooks import event as events
from fastapi_service.recordings.webhooks import steps
from fastapi_service.recordings.webhooks.target import Refused, parse

AT_A_TIME = 200


@dataclass(frozen=True)
class DeadWebhook:
    """`id` is the stream's; `at` unix seconds; `place` is the receiver's host and port."""

    id: str
    at: float
    event: str
    job: str
    status: str
    place: str
    tries: int
    reason: str

class DeadWebhooks:
    """Every method raises RedisError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def due(self) -> int:
        """How many webhooks are not delivered and not given up."""
        return self._client.zcard(keys.WEBHOOKS)

    def all(self) -> list[DeadWebhook]:
        """The oldest first."""
        found: list[DeadWebhook] = []
        first = "-"
        while True:
            entries: Any = self._client.xrange(DEAD_WEBHOOKS_STREAM, first, "+", AT_A_TIME)
            found += [_read(*entry) for entry in entries]
            if len(entries) < AT_A_TIME:
                return found
            first = f"({found[-1].id}"

    def one(self, entry: str) -> DeadWebhook | None:
        try:
            entries: Any = self._client.xrange(DEAD_WEBHOOKS_STREAM, entry, entry)
        except redis.ResponseError:  # not an id at all
            return None
        return _read(*entries[0]) if entries else None

    def drop(self, dead: DeadWebhook) -> bool:
        return bool(self._client.xdel(DEAD_WEBHOOKS_STREAM, dead.id))

    def replay(self, dead: DeadWebhook) -> bool:
        """Whether it is due again; else somebody else did it."""
        return bool(self._client.eval(*steps.replay(dead.id, dead.event).call))


def _read(entry: bytes, pairs: Mapping[bytes, bytes]) -> DeadWebhook:
    try:
        job = events.state(pairs).job.id
    except Unreadable:  # another version's
        job = "-"
    return DeadWebhook(
        id=entry.decode(),
        at=int(entry.partition(b"-")[0]) / 1000,
        event=pairs[b"event"].decode(),
        job=job,
        status=pairs.get(b"status", b"-").decode(),
        place=_place(pairs[b"webhook"].decode()),
        tries=int(pairs[b"tries"]),
        reason=pairs[b"reason"].decode(),
    )


def _place(url: str) -> str:
    try:
        return parse(url).place
    except Refused:
        return "-"
