"""Which one of the listeners writes: a lock in Redis that runs out unless its holder renews it.

The holder renews it whenever it takes entries. One that is killed on the same machine is followed
at once, any other within `LEASE_MS`. The lock alone cannot keep two from writing: a process may be
stopped between looking at it and writing. What makes that harmless is in `journal.py`.
"""

import redis

from contracts import keys
from listener_service import identity

LEASE_MS = 5000

_LEAD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then return holder end
redis.call('DEL', KEYS[1])  -- a write: from here on a full memory stops nothing; it is we who make room in it
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ''
"""
_HOLD = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RESIGN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class NotLeading(Exception):
    """The lock is not ours, or not any more."""


class Leader:
    """Every method raises redis.RedisError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client
        self.name = identity.own_name()

    def lead(self) -> str | None:
        """Take the lock if it is free, or held by a process that has ended. Returns None if it is
        ours now, else the name of its holder."""
        holder = self._lead(ended="")
        if holder and identity.has_ended(holder):
            holder = self._lead(ended=holder)
        return holder or None

    def hold(self) -> None:
        """Renew the lock. Raises NotLeading."""
        if not self._redis.eval(_HOLD, 1, keys.LISTENER, self.name, LEASE_MS):
            raise NotLeading

    def resign(self) -> None:
        """Give the lock back if it is ours, so that the next one need not wait."""
        self._redis.eval(_RESIGN, 1, keys.LISTENER, self.name)

    def _lead(self, ended: str) -> str:
        holder = self._redis.eval(_LEAD, 1, keys.LISTENER, self.name, LEASE_MS, ended)
        return holder.decode() if isinstance(holder, bytes) else str(holder)
