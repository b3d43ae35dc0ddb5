"""The atomic step that makes an event durable and visible, exactly once per utterance and stage.

One Lua script: number the event, append it to the session's stream (and a final one to `results`),
publish it, and only then set the done-mark. Lua has no rollback: with the mark first, a failing
XADD would make every retry believe that the event is stored. A second run changes nothing.
"""

from typing import Any, Protocol

from contracts import codec, keys
from contracts.messages import Error, Result, Transcript
from contracts.names import RESULT_CHANNEL, RESULTS_STREAM

_SCRIPT = """
local mark, session, events, results, segment, audio = unpack(KEYS)
local body, is_final, ttl, maxlen, channel = unpack(ARGV)
if redis.call('EXISTS', mark) == 1 then return 0 end
local seq = (tonumber(redis.call('HGET', session, 'seq')) or 0) + 1
local numbered = '{"seq":' .. seq .. ',' .. string.sub(body, 2)
redis.call('XADD', events, seq .. '-0', 'body', numbered)
redis.call('EXPIRE', events, ttl)
redis.call('HSET', session, 'seq', seq)
redis.call('EXPIRE', session, ttl)
if is_final == '1' then
  redis.call('XADD', results, 'MAXLEN', '~', maxlen, '*', 'body', numbered)
  redis.call('PUBLISH', channel, numbered)
  redis.call('DEL', audio, segment)
else
  redis.call('HSET', segment, 'transcript', numbered)
  redis.call('EXPIRE', segment, ttl)
end
redis.call('PUBLISH', events, numbered)
redis.call('SET', mark, seq, 'EX', ttl)
return seq
"""


class ScriptRunner(Protocol):
    """The part of a redis client that a commit needs."""

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any: ...


def commit(redis: ScriptRunner, event: Transcript | Result | Error) -> int | None:
    """Make `event` durable and publish it; returns its `seq`, or None if this utterance already
    had this stage's event. A `Result` or an `Error` is final: it closes the utterance and also
    goes to `results` and `result_channel`. `event.seq` is assigned here and must be None."""
    if event.utterance is None or event.session is None:
        raise ValueError(f"only an event of an utterance can be committed, got {event}")
    stage = "transcript" if isinstance(event, Transcript) else "result"
    fields = codec.encode(event)
    del fields["seq"]
    seq = redis.eval(
        _SCRIPT,
        6,
        keys.done(event.session, event.utterance, stage),
        keys.session(event.session),
        keys.events(event.session),
        RESULTS_STREAM,
        keys.segment(event.session, event.utterance),
        keys.audio(event.session, event.utterance),
        codec.json_text(fields),
        "0" if stage == "transcript" else "1",
        keys.SESSION_TTL_SECONDS,
        keys.RESULTS_MAXLEN,
        RESULT_CHANNEL,
    )
    return int(seq) or None
