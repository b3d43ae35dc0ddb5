"""The ledger: which accepted utterances have no result yet, who has each in hand, and until when.

Every step is one Lua script, so that it happens whole or not at all, and all times in it are the
clock of Redis. A step is a value (`Step`); who has a client runs it: `client.eval(*step.call)`.
The entry is closed by `contracts.commit`, in the step that makes the result visible.

A script begins with a command that changes nothing but is a write: after that a Redis that has
reached `maxmemory` lets it finish, so that what frees memory is never refused. `accept` has none:
it is what must be refused.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from contracts import codec, keys
from contracts.messages import TakenOver, TranscribeTask

GRACE_MS = 2_000
"""From sending a task until the sweeper looks whether it is still under way."""
LEASE_MS = 8_000
"""How long a worker holds an utterance without renewing it: less than Celery's visibility timeout, so that
what Celery delivers again after that is not left alone as held."""
MOST_STARTS = 3
"""Starts of one stage without an end; then the utterance is given up."""

ACCEPTED, KNOWN, NOT_OWNER, UNKNOWN = 1, 0, -1, -2
GO, DONE, HELD, PASSED, WORN, UNLEDGERED = "go", "done", "held", "passed", "worn", "unledgered"

NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

ENDED = """
local function has_ended(mark, session, pending, member, number)
  if redis.call('EXISTS', mark) == 1 then return true end
  local newest = tonumber(redis.call('HGET', session, 'utterances')) or 0
  local accepted = tonumber(number) >= 1 and tonumber(number) <= newest
  return accepted and not redis.call('ZSCORE', pending, member)
end
"""
"""An utterance has its result: its mark says so, for an hour, and as long as its session is known, that it
was accepted (they are numbered in order) and is pending no more."""

_OPEN = """
local session = KEYS[1]
local key, owner, created, ttl = unpack(ARGV)
if redis.call('EXISTS', session) == 1 then return 0 end  -- a first attempt that arrives after its repetition
redis.call('HSET', session, 'key', key, 'owner', owner, 'created', created, 'settled', 0, 'utterances', 0)
redis.call('EXPIRE', session, ttl)
return 1
"""

_TAKE_OVER = """
local session, open, channel = unpack(KEYS)
local key, owner, after, notice, ttl = unpack(ARGV)
local known = redis.call('HMGET', session, 'key', 'seq')
if known[1] ~= key or (tonumber(known[2]) or 0) < tonumber(after) then return false end
redis.call('EXPIRE', session, ttl)
redis.call('EXPIRE', channel, ttl)
redis.call('EXPIRE', open, ttl)
redis.call('HSET', session, 'owner', owner)
redis.call('PUBLISH', channel, notice)
local state = redis.call('HMGET', session, 'settled', 'utterances', 'language')
return {tonumber(state[1]) or 0, tonumber(state[2]) or 0, state[3] or '', redis.call('SMEMBERS', open)}
"""

_ACCEPT = (
    NOW
    + """
local session, segment, audio, open, pending = unpack(KEYS)
local owner, number, settled, pcm, request, member, grace, audio_ttl, ttl = unpack(ARGV)
local state = redis.call('HMGET', session, 'owner', 'utterances', 'settled')
if not state[1] then return -2 end
if state[1] ~= owner then return -1 end
if (tonumber(state[2]) or 0) >= tonumber(number) then return 0 end
redis.call('SET', audio, pcm, 'EX', audio_ttl)
redis.call('HSET', segment, 'request', request, 'stage', 'stt')
redis.call('EXPIRE', segment, audio_ttl)
redis.call('SADD', open, number)
redis.call('EXPIRE', open, ttl)
redis.call('ZADD', pending, now + grace, member)
redis.call('HSET', session, 'utterances', number, 'settled', math.max(tonumber(state[3]) or 0, tonumber(settled)))
redis.call('EXPIRE', session, ttl)
return 1
"""
)

_SETTLE = """
local session, events, open = unpack(KEYS)
local owner, settled, language, ttl = unpack(ARGV)
local state = redis.call('HMGET', session, 'owner', 'settled')
if not state[1] then return -2 end
if state[1] ~= owner then return -1 end
redis.call('EXPIRE', session, ttl)
redis.call('EXPIRE', events, ttl)
redis.call('EXPIRE', open, ttl)
redis.call('HSET', session, 'settled', math.max(tonumber(state[2]) or 0, tonumber(settled)))
if language ~= '' then redis.call('HSET', session, 'language', language) end
return 1
"""

_BEGIN = (
    NOW
    + ENDED
    + """
local mark, segment, pending, session = unpack(KEYS)
local member, stage, holder, lease, most, ttl, attempt, number = unpack(ARGV)
if has_ended(mark, session, pending, member, number) then return {'done', 0} end
local entry = redis.call('HMGET', segment, 'stage', 'holder', 'starts', 'attempt')
if not entry[1] then return {'unledgered', 0} end
if entry[1] ~= stage then return {'passed', 0} end
local ends = tonumber(redis.call('ZSCORE', pending, member) or 0)
if entry[2] and entry[2] ~= '' and entry[2] ~= holder and ends > now then return {'held', 0} end
local starts = tonumber(entry[3] or 0)
if attempt ~= '' and entry[4] == attempt then return {'go', starts} end  -- asked again, because the answer was lost
if starts >= tonumber(most) then return {'worn', starts} end
redis.call('EXPIRE', segment, ttl)
redis.call('HSET', segment, 'holder', holder, 'starts', starts + 1, 'attempt', attempt)
redis.call('ZADD', pending, now + lease, member)
return {'go', starts + 1}
"""
)

_RENEW = (
    NOW
    + """
local segment, pending = unpack(KEYS)
local member, holder, lease, ttl = unpack(ARGV)
if redis.call('HGET', segment, 'holder') ~= holder then return 0 end
redis.call('EXPIRE', segment, ttl)
redis.call('ZADD', pending, 'XX', now + lease, member)
return 1
"""
)

_PUT_OFF = (
    NOW
    + """
local segment, pending, audio = unpack(KEYS)
local member, holder, delay, most, ttl = unpack(ARGV)
local entry = redis.call('HMGET', segment, 'holder', 'starts')
if entry[1] ~= holder then return 'held' end
if (tonumber(entry[2]) or 0) >= tonumber(most) then return 'worn' end
redis.call('EXPIRE', segment, ttl)
redis.call('EXPIRE', audio, ttl)
redis.call('HSET', segment, 'holder', '')
redis.call('ZADD', pending, 'XX', now + delay, member)
return 'go'
"""
)


@dataclass(frozen=True)
class Step:
    script: str
    keys: tuple[str, ...]
    arguments: tuple[str | bytes | int | float, ...]

    @property
    def call(self) -> tuple[Any, ...]:
        """Arguments for a redis client's `eval`."""
        return self.script, len(self.keys), *self.keys, *self.arguments


def open_session(session: str, key: str, owner: str, created: float) -> Step:
    """Make a session that only `owner` may add to, until somebody who knows `key` takes it over."""
    return Step(_OPEN, (keys.session(session),), (hashed(key), owner, str(created), keys.SESSION_TTL_SECONDS))


def take_over(session: str, key: str, owner: str, after: int) -> Step:
    """Make `owner` the session's one and tell all others. Gives None for a wrong key, an unknown
    session, or one that has had fewer than `after` events (Redis has lost some), else [settled,
    utterances, language or empty, [numbers of open utterances]]."""
    names = keys.session(session), keys.open_utterances(session), keys.events(session)
    notice = codec.dumps(TakenOver(session, owner))
    return Step(_TAKE_OVER, names, (hashed(key), owner, after, notice, keys.SESSION_TTL_SECONDS))


def accept(task: TranscribeTask, pcm: bytes, owner: str, settled: int) -> Step:
    """Make an utterance durable; all samples before `settled` (16 kHz) then need not come again. Gives
    ACCEPTED, KNOWN (a repetition: nothing is changed), NOT_OWNER or UNKNOWN (no such session)."""
    session, number = task.session, task.utterance
    entry = keys.segment(session, number), keys.audio(session, number), keys.open_utterances(session)
    names = keys.session(session), *entry, keys.PENDING
    ttls = keys.AUDIO_TTL_SECONDS, keys.SESSION_TTL_SECONDS
    return Step(
        _ACCEPT, names, (owner, number, settled, pcm, codec.dumps(task), keys.member(session, number), GRACE_MS, *ttls)
    )


def settle(session: str, owner: str, settled: int, language: str | None) -> Step:
    """Remember that samples before `settled` are silence or accepted. Gives ACCEPTED, NOT_OWNER or UNKNOWN."""
    names = keys.session(session), keys.events(session), keys.open_utterances(session)
    return Step(_SETTLE, names, (owner, settled, language or "", keys.SESSION_TTL_SECONDS))


def begin(session: str, utterance: int, stage: str, holder: str, attempt: str = "") -> Step:
    """A worker starts on an utterance; `attempt` is this start's own name, if it has one: then a
    repetition of the step counts once. Gives [outcome, starts]: GO (it is now `holder`'s), DONE (it
    has its result), HELD (another worker has it), PASSED (it is at another stage), WORN (it was
    started MOST_STARTS times and never ended), UNLEDGERED (nobody accepted it)."""
    entry = keys.done(session, utterance, "result"), keys.segment(session, utterance)
    names = *entry, keys.PENDING, keys.session(session)
    limits = LEASE_MS, MOST_STARTS, keys.AUDIO_TTL_SECONDS
    return Step(_BEGIN, names, (keys.member(session, utterance), stage, holder, *limits, attempt, utterance))


def renew(session: str, utterance: int, holder: str) -> Step:
    """Go on holding it; gives 0 if it is another's by now."""
    names = keys.segment(session, utterance), keys.PENDING
    return Step(_RENEW, names, (keys.member(session, utterance), holder, LEASE_MS, keys.AUDIO_TTL_SECONDS))


def put_off(session: str, utterance: int, holder: str, delay_ms: int) -> Step:
    """An attempt has failed: let go of the utterance, for the sweeper to send it again after `delay_ms`.
    Gives GO, HELD (it is another's, or ended, by now) or WORN (this was its last start)."""
    names = keys.segment(session, utterance), keys.PENDING, keys.audio(session, utterance)
    ttl = keys.AUDIO_TTL_SECONDS + delay_ms // 1000
    return Step(_PUT_OFF, names, (keys.member(session, utterance), holder, delay_ms, MOST_STARTS, ttl))


def hashed(key: str) -> str:
    """What Redis stores of a session's key: who reads Redis cannot resume by it."""
    return hashlib.sha256(key.encode()).hexdigest()
