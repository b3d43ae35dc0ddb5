"""The stream `results`, read as the one consumer of the listener's group.

The stream is the truth, so nothing is missed while the listener is away. `result_channel` is not
used: a blocking read wakes as fast as pub/sub, which forgets what nobody hears.

Every listener reads under the same consumer name, so what a dead one had taken and not
acknowledged belongs to the next. Only the holder of the lock gets anything: the lock is looked at
in the same step that takes, so one that wakes up late cannot take entries away from its successor.
"""

from collections.abc import Sequence
from typing import Any

import redis

from contracts import keys
from contracts.names import LISTENER_GROUP, RESULTS_STREAM
from listener_service.entries import Entry
from listener_service.leader import LEASE_MS, NotLeading
from listener_service.place import following, order

CONSUMER = "listener"
BATCH = 100
BLOCK_MS = 1000
"""Below redis-py's socket timeout of 5 s, and as long as a stop may have to wait."""
CLAIM_IDLE_MS = 15_000
"""What another consumer of the group, say somebody's redis-cli, has had for so long is ours."""
TRIM_PAGE, TRIM_PAGES = 500, 10
"""So much is removed at a time, so that neither Redis nor we are held up."""

_TAKE = """
local lock, stream = unpack(KEYS)
local holder, lease, group, consumer, count, cursor = unpack(ARGV)
if redis.call('GET', lock) ~= holder then return 0 end
redis.call('PEXPIRE', lock, lease)
local reply = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', stream, cursor)
if reply and #reply[1][2] > 0 then return reply[1][2] end
local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
return newest[1] and newest[1][1] or '0-0'
"""

_JOIN = """
redis.call('XACK', KEYS[1], ARGV[1], '0-0')  -- a write: from here on a full memory stops nothing (see contracts.ledger)
return redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], ARGV[2], 'MKSTREAM')
"""


class Results:
    """Every method raises redis.RedisError; after any, call `rewind`. `holder` is the name in the
    lock; of what is acknowledged, the newest `keep` entries stay in the stream."""

    def __init__(self, client: "redis.Redis", holder: str, keep: int = keys.RESULTS_MAXLEN) -> None:
        self._redis = client
        self._holder = holder
        self._keep = keep
        self._unacknowledged = True

    def take(self) -> list[Entry]:
        """The next entries: first those delivered earlier and never acknowledged, then new ones.
        Empty after a second without any, or when there may be new ones. Raises NotLeading."""
        while True:
            cursor = "0" if self._unacknowledged else ">"
            arguments = (self._holder, LEASE_MS, LISTENER_GROUP, CONSUMER, BATCH, cursor)
            reply: Any = self._redis.eval(_TAKE, 2, keys.LISTENER, RESULTS_STREAM, *arguments)
            if reply == 0:
                raise NotLeading
            if isinstance(reply, list):
                return [_entry(entry_id, _pairs(fields)) for entry_id, fields in reply]
            if not self._unacknowledged:
                self._redis.xread({RESULTS_STREAM: reply}, count=1, block=BLOCK_MS)
                return []
            self._unacknowledged = False

    def between(self, after: str, before: str) -> list[Entry]:
        """The first entries between two ids that the stream still has, whoever has read them."""
        found: Any = self._redis.xrange(RESULTS_STREAM, f"({after}", f"({before}", count=BATCH)
        return [_entry(entry_id, fields) for entry_id, fields in found]

    def acknowledge(self, ids: Sequence[str]) -> None:
        if ids:
            self._redis.xack(RESULTS_STREAM, LISTENER_GROUP, *ids)

    def rewind(self) -> None:
        """A reply may be lost: ask again for what is not acknowledged."""
        self._unacknowledged = True

    def tidy(self) -> None:
        """Now and then: take over what other consumers leave lying, and remove from the stream what
        is acknowledged and old. What is not acknowledged, or not even read, always stays."""
        self._redis.xautoclaim(RESULTS_STREAM, LISTENER_GROUP, CONSUMER, CLAIM_IDLE_MS, "0-0", count=BATCH, justid=True)
        pending: Any = self._redis.xpending(RESULTS_STREAM, LISTENER_GROUP)
        if pending["pending"]:
            self.rewind()
        for _ in range(TRIM_PAGES):
            if not self._trim(pending["min"]):
                return

    def join(self, last_id: str) -> str:
        """Make the group where it is missing, to read on behind `last_id`, or from the beginning
        ("0") if that is from the future: then the stream is not the one it came from. Returns
        where it reads on."""
        start = last_id if order(last_id) <= order(self._newest()) else "0"
        try:
            self._redis.eval(_JOIN, 1, RESULTS_STREAM, LISTENER_GROUP, start)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):  # Redis 6 says out of a script more than that
                raise
        return start

    def _trim(self, oldest_pending: bytes | None) -> bool:
        """Remove a page of the oldest; returns whether there may be more to remove."""
        excess = int(self._redis.xlen(RESULTS_STREAM)) - self._keep
        if excess <= 0:
            return False
        page: Any = self._redis.xrange(RESULTS_STREAM, count=min(excess, TRIM_PAGE))
        ids = [_text(entry_id) for entry_id, _ in page]
        groups: Any = self._redis.xinfo_groups(RESULTS_STREAM)
        read = next(_text(group["last-delivered-id"]) for group in groups if _text(group["name"]) == LISTENER_GROUP)
        old = [entry_id for entry_id in ids if order(entry_id) <= order(read)]
        if oldest_pending:
            old = [entry_id for entry_id in old if order(entry_id) < order(_text(oldest_pending))]
        if old:
            self._redis.xtrim(RESULTS_STREAM, minid=following(old[-1]), approximate=False)
        return len(old) == TRIM_PAGE

    def _newest(self) -> str:
        if not self._redis.exists(RESULTS_STREAM):
            return "0-0"
        info: Any = self._redis.xinfo_stream(RESULTS_STREAM)
        return _text(info["last-generated-id"])


def _pairs(flat: Sequence[bytes] | None) -> dict[bytes, bytes] | None:
    return None if flat is None else dict(zip(flat[::2], flat[1::2], strict=True))


def _entry(entry_id: bytes, fields: dict[bytes, bytes] | None) -> Entry:
    found = fields or {}
    number = found.get(b"n", b"")
    return Entry(_text(entry_id), found.get(b"body"), int(number) if number.isdigit() and len(number) < 19 else None)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
