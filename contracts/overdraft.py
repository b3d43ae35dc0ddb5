"""Writes that a Redis which has reached `maxmemory` takes all the same: those that finish what was
accepted, which makes room, and signs of life. Nothing that brings new audio may use it.

Such a Redis refuses every command that may need memory, and all between MULTI and EXEC, even what
frees some. A script it lets finish if its first write is one that needs none.
"""

from contracts import keys
from contracts.ledger import Step

REFUSED = frozenset({"HSET", "LPUSH", "RPUSH", "SADD", "SET", "ZADD"})
"""Those of the commands that kombu and we send alone which a full Redis refuses."""

_SCRIPT = """
redis.call('DEL', KEYS[1])  -- a write, of a key that is never there
local replies, at = {}, 1
while at < #ARGV do
  local last = at + ARGV[at]
  replies[#replies + 1] = redis.call(unpack(ARGV, at + 1, last))
  at = last + 1
end
return replies
"""


def step(*commands: tuple[str | bytes | int | float, ...]) -> Step:
    """These commands, each with its key behind its name, as one step that happens whole; it gives the
    list of their replies. One that fails lets those behind it undone."""
    names = dict.fromkeys(str(command[1]) for command in commands)
    arguments = [part for command in commands for part in (len(command), *command)]
    return Step(_SCRIPT, (keys.NOTHING, *names), tuple(arguments))
