"""What the command lines over the one Redis share: how they end, and how they write.

What one does, and with what, is its own; nothing here knows what Redis holds.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence

import redis

from contracts import connect, env, redis_url

HINT = "set REDIS_URL to the one that is meant (`make run` starts it at redis://localhost:6399/0)"


def on_redis(program: str, address: Callable[[], str], run: Callable[["redis.Redis"], int]) -> int:
    """The exit status: what `run` gives, which may raise RedisError; 2 if `address` raises SettingError, 3 if
    Redis does not answer, 141 if nobody reads what is written (`| head`)."""
    try:
        url = address()
    except env.SettingError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return 2
    try:
        with connect.connect(url) as client:
            status = run(client)
        sys.stdout.flush()
    except redis.RedisError as error:
        host, port = redis_url.parse(url).hosts[0]
        sys.stderr.write(f"{program}: no answer from Redis at {host}:{port}: {error}; {HINT}\n")
        return 3
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still flushes at its end
        return 141
    return status


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def table(rows: Sequence[Sequence[str]]) -> str:
    """One line for each row, the first has the columns' names; the last column is as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return "\n".join("  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows)


def moment(at: float) -> str:
    """A time in unix seconds, as one reads it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
