"""The stream `results`, read as the one consumer of the listener's group.

The stream is the truth, so nothing is missed while the listener is away. `result_channel` is not
used: a blocking read wakes as fast as pub/sub, which forgets what nobody hears. One listener
process per Redis: two would share the entries, and the log would have half of them each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from contracts.names import LISTENER_GROUP, RESULTS_STREAM

CONSUMER = "listener"
"""Always the same, so that after a restart what was delivered but not acknowledged is ours again."""
BATCH = 100
BLOCK_MS = 1000
"""Below redis-py's socket timeout of 5 s, and as long as a stop may have to wait."""


@dataclass(frozen=True)
class Entry:
    """`body` is None when the entry was trimmed from the stream before it was read."""

    id: str
    body: bytes | None


class Results:
    """Every method raises redis.RedisError; after any, call `rewind`."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client
        self._unacknowledged = True

    def take(self) -> list[Entry]:
        """The next entries: first those delivered earlier and never acknowledged, then new ones;
        empty after a second without any."""
        cursor = "0" if self._unacknowledged else ">"
        reply = self._redis.xreadgroup(LISTENER_GROUP, CONSUMER, {RESULTS_STREAM: cursor}, count=BATCH, block=BLOCK_MS)
        entries = _entries(reply)
        if not entries:
            self._unacknowledged = False
        return entries

    def acknowledge(self, ids: Sequence[str]) -> None:
        self._redis.xack(RESULTS_STREAM, LISTENER_GROUP, *ids)

    def rewind(self) -> None:
        """A reply may be lost: ask again for what is not acknowledged."""
        self._unacknowledged = True

    def join(self, last_id: str | None) -> None:
        """Make the group where it is missing, to read on behind `last_id`, or from the beginning
        if that is None or from the future: then the stream is not the one it came from."""
        start = last_id if last_id and _number(last_id) <= _number(self._newest()) else "0"
        try:
            self._redis.xgroup_create(RESULTS_STREAM, LISTENER_GROUP, id=start, mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _newest(self) -> str:
        if not self._redis.exists(RESULTS_STREAM):
            return "0-0"
        info: Any = self._redis.xinfo_stream(RESULTS_STREAM)
        return _text(info["last-generated-id"])


def _entries(reply: Any) -> list[Entry]:
    streams = reply.values() if isinstance(reply, dict) else [items for _, items in reply or ()]
    flat = (item for items in streams for item in items)
    return [Entry(_text(entry_id), (fields or {}).get(b"body")) for entry_id, fields in flat]


def _number(entry_id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in entry_id.split("-"))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
