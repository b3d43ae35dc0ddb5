"""The sweeper's steps on the ledger: each is one Lua script that does something only while this sweeper
is the one that acts.

A process may be suspended at any point and go on after another has taken over. So every script asks
for the lock again, and those after `claim` also whether the deadline is still the one it set: a
worker that has begun meanwhile, or the other sweeper, has moved it. Each renews the lock first, so
that a full memory stops none of them (see `contracts.ledger`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from contracts import keys, ledger
from contracts.names import STT_STAGE

log = logging.getLogger(__name__)

LOCK_MS = 5_000
"""How long nobody sweeps after the one that acts was killed."""
MOST_CLAIMED = 200
"""Entries of one sweep; the rest are the next one's."""
PUT_OFF_MS = ledger.GRACE_MS
"""From looking at an entry until it is looked at again, whatever was found."""
FIRST_BACK_OFF_MS, LONGEST_BACK_OFF_MS = 3_000, 60_000
"""From sending an entry again until the next time, doubled each time; see also `underway.Unseen`."""

_CLAIM = (
    ledger.NOW
    + """
local lock, pending = unpack(KEYS)
local own, lock_ms, put_off, limit = unpack(ARGV)
local holder = redis.call('GET', lock)
if holder and holder ~= own then return false end
redis.call('PEXPIRE', lock, lock_ms)
redis.call('SET', lock, own, 'PX', lock_ms)
local deadline = now + put_off
local due = redis.call('ZRANGEBYSCORE', pending, '-inf', now, 'LIMIT', 0, limit)
for _, member in ipairs(due) do redis.call('ZADD', pending, 'XX', deadline, member) end
return {deadline, due}
"""
)

_FENCE = """
local lock, pending = KEYS[1], KEYS[2]
local own, lock_ms, member, deadline = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('GET', lock) ~= own then return false end
redis.call('PEXPIRE', lock, lock_ms)
if tonumber(redis.call('ZSCORE', pending, member) or 0) ~= tonumber(deadline) then return false end
"""

_LOOK = (
    _FENCE
    + """
local mark, segment, audio, open, session, events = unpack(KEYS, 3)
local number, audio_ttl, ttl = unpack(ARGV, 5)
if redis.call('EXISTS', mark) == 1 then
  redis.call('ZREM', pending, member)
  redis.call('SREM', open, number)
  redis.call('DEL', segment, audio)
  return false
end
redis.call('EXPIRE', open, ttl)
redis.call('EXPIRE', session, ttl)
redis.call('EXPIRE', events, ttl)
redis.call('EXPIRE', audio, audio_ttl)
if redis.call('EXPIRE', segment, audio_ttl) == 0 then return {} end
redis.call('HSET', segment, 'holder', '')
return redis.call('HMGET', segment, 'stage', 'starts', 'sends', 'request', 'transcript')
"""
)

_SENDING = (
    ledger.NOW
    + _FENCE
    + """
local segment = KEYS[3]
local first, longest = tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('EXISTS', segment) == 0 then return false end
local sends = redis.call('HINCRBY', segment, 'sends', 1)
redis.call('ZADD', pending, 'XX', now + math.min(longest, first * 2 ^ (sends - 1)), member)
return sends
"""
)

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@dataclass(frozen=True)
class Claimed:
    """An overdue utterance that is this sweeper's until `deadline` (ms, Redis' clock)."""

    session: str
    utterance: int
    deadline: int

    @property
    def member(self) -> str:
        return keys.member(self.session, self.utterance)


@dataclass(frozen=True)
class Entry:
    """What the ledger holds of it; `gone` when its hash has expired, and then nothing else is known."""

    claimed: Claimed
    gone: bool = False
    stage: str = STT_STAGE
    starts: int = 0
    sends: int = 0
    request: bytes = b""
    transcript: bytes = b""


class Overdue:
    """`own` names this sweeper. Every method raises what the redis client raises."""

    def __init__(self, client: "redis.Redis", own: str) -> None:
        self._redis = client
        self._own = own

    def claim(self) -> list[Claimed] | None:
        """Become, or stay, the one that acts and take the overdue entries; None if another one acts."""
        reply: Any = self._redis.eval(
            _CLAIM, 2, keys.SWEEPER, keys.PENDING, self._own, LOCK_MS, PUT_OFF_MS, MOST_CLAIMED
        )
        if reply is None:
            return None
        deadline, members = reply
        found = [(member, _parsed(member, int(deadline))) for member in members]
        for member in (member for member, claimed in found if claimed is None):
            log.error("removed from the ledger: not the name of an utterance", extra={"bytes": len(member)})
            self._redis.zrem(keys.PENDING, member)
        return [claimed for _, claimed in found if claimed]

    def look(self, claimed: Sequence[Claimed]) -> list[Entry]:
        """What is known of those that are still ours; nobody holds them any more, and nothing of
        them expires while they are looked at."""
        with self._redis.pipeline(transaction=False) as looks:
            for one in claimed:
                looks.eval(*self._look(one))
            replies = looks.execute(raise_on_error=False)
        entries = []
        for one, reply in zip(claimed, replies, strict=True):
            if isinstance(reply, redis.ResponseError) and not isinstance(reply, redis.exceptions.ReadOnlyError):
                log.error("an entry of the ledger cannot be read", extra={"member": one.member, "error": reply})
            elif isinstance(reply, Exception):
                raise reply
            elif reply is not None:
                entries.append(_entry(one, reply))
        return entries

    def sending(self, entry: Entry, longest_ms: int = LONGEST_BACK_OFF_MS) -> int:
        """It is about to be sent again: how often it was by then, or 0 if that is not ours any more."""
        claimed = entry.claimed
        names = keys.SWEEPER, keys.PENDING, keys.segment(claimed.session, claimed.utterance)
        back_off = FIRST_BACK_OFF_MS, longest_ms
        reply: Any = self._redis.eval(_SENDING, len(names), *names, *self._fence(claimed), *back_off)
        return int(reply or 0)

    def release(self) -> None:
        self._redis.eval(_RELEASE, 1, keys.SWEEPER, self._own)

    def _look(self, one: Claimed) -> tuple[Any, ...]:
        session, number = one.session, one.utterance
        names = (
            keys.SWEEPER,
            keys.PENDING,
            keys.done(session, number, "result"),
            keys.segment(session, number),
            keys.audio(session, number),
            keys.open_utterances(session),
            keys.session(session),
            keys.events(session),
        )
        ttls = keys.AUDIO_TTL_SECONDS, keys.SESSION_TTL_SECONDS
        return _LOOK, len(names), *names, *self._fence(one), number, *ttls

    def _fence(self, one: Claimed) -> tuple[str, int, str, int]:
        return self._own, LOCK_MS, one.member, one.deadline


def _parsed(member: bytes, deadline: int) -> Claimed | None:
    session, _, number = member.decode(errors="replace").rpartition(":")
    named = session and number.isdecimal() and keys.member(session, int(number)).encode() == member
    return Claimed(session, int(number), deadline) if named else None


def _entry(claimed: Claimed, fields: list[bytes | None]) -> Entry:
    if not fields:
        return Entry(claimed, gone=True)
    stage, starts, sends, request, transcript = [field or b"" for field in fields]
    return Entry(claimed, False, stage.decode(), int(starts or 0), int(sends or 0), request, transcript)
