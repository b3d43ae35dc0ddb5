"""What waits for workers, as far as the ledger knows it: for queues that nobody can look into.

Pure. Counted are the entries that no worker holds; partials and probes are in no ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts import keys, routing
from contracts.ledger import NOW, Step
from contracts.names import JOB_PREFIX

MOST = 500
"""So many entries are looked at; it takes Redis some 5 ms. Of more it is those whose deadlines are nearest and
farthest: the sweeper puts off for longest what has waited for longest."""

_LOOK = (
    NOW
    + """
local pending = KEYS[1]
local segment, job, half = ARGV[1], ARGV[2], math.floor(tonumber(ARGV[3]) / 2)
local members = redis.call('ZRANGE', pending, 0, half - 1, 'WITHSCORES')
local rest = math.min(half, redis.call('ZCARD', pending) - half)
if rest > 0 then
  for _, value in ipairs(redis.call('ZRANGE', pending, -rest, -1, 'WITHSCORES')) do members[#members + 1] = value end
end
local held, counts, oldest = 0, {}, {}
for at = 1, #members, 2 do
  local entry = redis.call('HMGET', segment .. members[at], 'stage', 'holder', 'request', 'transcript')
  if entry[1] and (entry[2] or '') ~= '' and tonumber(members[at + 1]) > now then
    held = held + 1
  elseif entry[1] then
    local kind = (string.sub(members[at], 1, #job) == job and 'job:' or 'live:') .. entry[1]
    counts[kind] = (counts[kind] or 0) + 1
    local since = string.match(entry[4] or '', '"at":([%d.]+)')
    since = tonumber(since or string.match(entry[3] or '', '"accepted_at":([%d.]+)') or 0) or 0
    if since > 0 then oldest[kind] = math.min(oldest[kind] or since, since) end
  end
end
local flat = {held, tostring(now / 1000)}
for kind, count in pairs(counts) do
  flat[#flat + 1] = kind; flat[#flat + 1] = count; flat[#flat + 1] = tostring(oldest[kind] or '')
end
return flat
"""
)


@dataclass(frozen=True)
class Waiting:
    """By queue: how many wait for it, and for how many seconds the oldest has, None if that is not known. `held`:
    how many are in a worker's hands."""

    queues: Mapping[str, tuple[int, float | None]] = field(default_factory=dict)
    held: int = 0


def look(most: int = MOST) -> Step:
    """Gives what `told` reads."""
    return Step(_LOOK, (keys.PENDING,), (keys.segment("", 0).partition(":")[0] + ":", JOB_PREFIX, most))


def told(reply: Sequence[Any]) -> Waiting:
    held, now, *flat = [value.decode() if isinstance(value, bytes) else value for value in reply]
    found = {kind: (int(count), since) for kind, count, since in zip(flat[::3], flat[1::3], flat[2::3], strict=True)}
    queues = {}
    for stage in routing.STAGES:
        *live, recorded = routing.queues(stage)
        for kind, name in [("job", recorded), *(("live", name) for name in live)]:
            count, since = found.get(f"{kind}:{stage}", (0, ""))
            queues[name] = count, max(0.0, float(now) - float(since)) if since else None
    return Waiting(queues, int(held))
