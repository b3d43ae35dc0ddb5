"""The steps of a webhook in Redis after `recordings.scripts.END` has made it due, each one Lua script (see
`contracts.ledger`). None is refused by a full memory, but a replay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts import keys
from contracts.ledger import NOW, Step
from contracts.names import DEAD_WEBHOOKS_STREAM

TAKE = (
    NOW
    + """
local due, nothing = unpack(KEYS)
local most, lease = unpack(ARGV)
redis.call('DEL', nothing)  -- a write: from here on a full memory stops nothing
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most)) do
  local event = 'webhook:' .. id
  if redis.call('EXISTS', event) == 1 then
    redis.call('ZADD', due, now + lease, id)
    redis.call('HINCRBY', event, 'tries', 1)
    taken[#taken + 1] = {id, redis.call('HGETALL', event)}
  else
    redis.call('ZREM', due, id)
  end
end
return taken
"""
)

PUT_OFF = (
    NOW
    + """
local event, due = unpack(KEYS)
local id, tries, delay, reason, counts = unpack(ARGV)
if redis.call('HGET', event, 'tries') ~= tries then return 0 end  -- another conductor has it by now
redis.call('PERSIST', event)  -- a write, as above
redis.call('ZADD', due, now + delay, id)
if counts == '1' then redis.call('HSET', event, 'reason', reason)
else redis.call('HINCRBY', event, 'tries', -1) end
return 1
"""
)

DELIVERED = """
local event, due = unpack(KEYS)
redis.call('ZREM', due, ARGV[1])
return redis.call('DEL', event)
"""

GIVE_UP = """
local event, due, dead = unpack(KEYS)
local id, tries, reason, most = unpack(ARGV)
if redis.call('HGET', event, 'tries') ~= tries then return 0 end
redis.call('ZREM', due, id)
redis.call('HSET', event, 'reason', reason)
redis.call('XADD', dead, 'MAXLEN', '~', most, '*', 'event', id, unpack(redis.call('HGETALL', event)))
redis.call('DEL', event)
return 1
"""

REPLAY = (
    NOW
    + """
local dead, due, event = unpack(KEYS)
local entry, id = unpack(ARGV)
local found = redis.call('XRANGE', dead, entry, entry)[1]
if not found then return 0 end
redis.call('HSET', event, unpack(found[2]))
redis.call('HSET', event, 'tries', 0)
redis.call('HDEL', event, 'reason', 'event')
redis.call('ZADD', due, now, id)
redis.call('XDEL', dead, entry)
return 1
"""
)


@dataclass(frozen=True)
class Taken:
    """A webhook in this conductor's hands, in its `tries`th attempt. `fields`: see `keys.webhook`."""

    id: str
    tries: int
    fields: Mapping[bytes, bytes] = field(repr=False)

    @property
    def url(self) -> str:
        return self.fields[b"webhook"].decode()


def take(most: int, lease_ms: int) -> Step:
    """Take what is due for so long: what is not settled by then is due again. See `taken`."""
    return Step(TAKE, (keys.WEBHOOKS, keys.NOTHING), (most, lease_ms))


def taken(reply: Sequence[Any]) -> list[Taken]:
    """What `take` gave."""
    return [_taken(event, pairs) for event, pairs in reply]


def again(event: Taken, delay_ms: int, reason: str) -> Step:
    """It failed, and is due again after so long."""
    return _put_off(event, delay_ms, reason, True)


def not_now(event: Taken, delay_ms: int) -> Step:
    """It was not tried."""
    return _put_off(event, delay_ms, "", False)


def delivered(event: Taken) -> Step:
    return Step(DELIVERED, (keys.webhook(event.id), keys.WEBHOOKS), (event.id,))


def give_up(event: Taken, reason: str) -> Step:
    names = keys.webhook(event.id), keys.WEBHOOKS, DEAD_WEBHOOKS_STREAM
    return Step(GIVE_UP, names, (event.id, event.tries, reason, keys.DEAD_WEBHOOKS_MAXLEN))


def replay(entry: str, event: str) -> Step:
    """A dead webhook is due at once and has all its attempts again; gives 0 if it is not there any more."""
    return Step(REPLAY, (DEAD_WEBHOOKS_STREAM, keys.WEBHOOKS, keys.webhook(event)), (entry, event))


def _put_off(event: Taken, delay_ms: int, reason: str, counts: bool) -> Step:
    arguments = event.id, event.tries, delay_ms, reason, int(counts)
    return Step(PUT_OFF, (keys.webhook(event.id), keys.WEBHOOKS), arguments)


def _taken(event: bytes, pairs: Sequence[bytes]) -> Taken:
    fields = dict(zip(pairs[::2], pairs[1::2], strict=True))
    return Taken(event.decode(), int(fields[b"tries"]), fields)
