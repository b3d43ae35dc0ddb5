"""The atomic step that makes an event durable and visible, exactly once per utterance and stage.

One Lua script: number the event, append it to the session's stream (and a final one to `results`),
publish it, move or close the ledger entry, have the conductor look at a recording, and only then set
the done-mark. Lua has no rollback: with the mark first, a failing XADD would make every retry believe
that the event is stored. A second run changes nothing.
"""

from typing import Any, Protocol

from contracts import codec, keys
from contracts.ledger import ENDED, GRACE_MS, NOW, Step
from contracts.messages import Error, Result, Transcript
from contracts.names import DEAD_LETTERS_STREAM, RESULT_CHANNEL, RESULTS_STREAM
from contracts.routing import is_recording

_SCRIPT = (
    NOW
    + ENDED
    + """
local mark, ended, session, events, segment, audio, open, pending, results, count, dead, dead_audio, jobs = unpack(KEYS)
local body, is_final, reason, member, number, grace, ttl, dead_ttl, maxlen, dead_maxlen, channel = unpack(ARGV)
local job, failed, mark_ttl = ARGV[12], ARGV[13], ARGV[14]
if redis.call('EXISTS', mark) == 1 or has_ended(ended, session, pending, member, number) then return 0 end
if is_final == '0' and redis.call('HEXISTS', segment, 'transcript') == 1 then return 0 end
if job ~= '' and redis.call('EXISTS', session) == 0 then  -- a recording that was erased meanwhile, or lost
  redis.call('ZREM', pending, member)
  redis.call('SREM', open, number)
  redis.call('DEL', audio, segment)
  return 0
end
redis.call('EXPIRE', session, ttl)  -- a write: from here on a full memory stops nothing (see contracts.ledger)
local seq = (tonumber(redis.call('HGET', session, 'seq')) or 0) + 1
local numbered = '{"seq":' .. seq .. ',' .. string.sub(body, 2)
redis.call('XADD', events, 'MAXLEN', '~', maxlen, seq .. '-0', 'body', numbered)
redis.call('EXPIRE', events, ttl)
redis.call('HSET', session, 'seq', seq)
redis.call('EXPIRE', session, ttl)
if is_final == '1' then
  local n = redis.call('INCR', count)
  redis.call('XADD', results, '*', 'body', numbered, 'n', n)
  redis.call('PUBLISH', channel, numbered)
  if reason ~= '' then
    local entry = redis.call('HMGET', segment, 'request', 'transcript', 'stage', 'starts')
    redis.call('XADD', dead, 'MAXLEN', '~', dead_maxlen, '*', 'member', member, 'reason', reason,
      'request', entry[1] or '', 'transcript', entry[2] or '', 'stage', entry[3] or '', 'starts', entry[4] or '0')
    if redis.call('EXISTS', audio) == 1 then
      redis.call('RENAME', audio, dead_audio)
      redis.call('EXPIRE', dead_audio, dead_ttl)
    end
  end
  redis.call('ZREM', pending, member)
  redis.call('SREM', open, number)
  redis.call('DEL', audio, segment)
  if job ~= '' then
    redis.call('HINCRBY', session, 'failed', failed)
    redis.call('ZADD', jobs, 'XX', now, job)  -- the conductor looks at it
  end
elseif redis.call('EXISTS', segment) == 1 then
  redis.call('HSET', segment, 'transcript', numbered, 'stage', 'analyzer', 'starts', 0, 'sends', 0, 'holder', '')
  redis.call('ZADD', pending, now + grace, member)
else
  redis.call('HSET', segment, 'transcript', numbered)
  redis.call('EXPIRE', segment, ttl)
end
redis.call('PUBLISH', events, numbered)
redis.call('SET', mark, seq, 'EX', mark_ttl)
return seq
"""
)


class ScriptRunner(Protocol):
    """The part of a redis client that a commit needs."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any: ...


def commit(redis: ScriptRunner, event: Transcript | Result | Error) -> int | None:
    """Make `event` durable and publish it; returns its `seq`, or None if this utterance already
    had this stage's event. A `Transcript` moves the utterance to the analyzer's stage; a `Result` or
    an `Error` is final: it closes the utterance's ledger entry and also goes to `results` and
    `result_channel`. `event.seq` is assigned here and must be None."""
    return _commit(redis, event, "")


def bury(redis: ScriptRunner, error: Error) -> int | None:
    """Commit `error` as the utterance's end and keep what is known of it, its audio too, as a dead
    letter, in one step."""
    return _commit(redis, error, error.message)


def _commit(redis: ScriptRunner, event: Transcript | Result | Error, reason: str) -> int | None:
    if event.utterance is None or event.session is None:
        raise ValueError(f"only an event of an utterance can be committed, got {event}")
    session, utterance = event.session, event.utterance
    stage = "transcript" if isinstance(event, Transcript) else "result"
    fields = codec.encode(event)
    del fields["seq"]
    names = (
        keys.done(session, utterance, stage),
        keys.done(session, utterance, "result"),
        keys.session(session),
        keys.events(session),
        keys.segment(session, utterance),
        keys.audio(session, utterance),
        keys.open_utterances(session),
        keys.PENDING,
        RESULTS_STREAM,
        keys.RESULTS_COUNT,
        DEAD_LETTERS_STREAM,
        keys.dead_audio(session, utterance),
        keys.JOBS,
    )
    arguments = (
        codec.json_text(fields),
        "0" if stage == "transcript" else "1",
        reason,
        keys.member(session, utterance),
        utterance,
        GRACE_MS,
        keys.SESSION_TTL_SECONDS,
        keys.DEAD_TTL_SECONDS,
        keys.RECORDING_EVENTS_MAXLEN if is_recording(session) else keys.EVENTS_MAXLEN,
        keys.DEAD_LETTERS_MAXLEN,
        RESULT_CHANNEL,
        session if is_recording(session) else "",
        int(isinstance(event, Error)),
        keys.MARK_TTL_SECONDS,
    )
    seq = redis.eval(*Step(_SCRIPT, names, arguments).call)
    return int(seq) or None
