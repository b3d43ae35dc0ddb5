"""Health check of the listener's container: can it write the log, and does it ask for results?

    /app/docker/log_owner.sh python -m docker.listener_health

(started through `log_owner.sh` so that it is the listener's own user who tries the folder). A
listener that works asks Redis for new entries every second or so; the connection that does it is
found by its command and this container's address. The consumer's own idle time in XINFO would not
do: Redis 7.0 leaves it alone while nothing comes.
"""

import os
import sys
from pathlib import Path
from typing import Any

import redis

from contracts.connect import connect

QUIET_SECONDS = 15


def asking(clients: list[dict[str, Any]], address: str) -> bool:
    """Whether one of `clients` (CLIENT LIST) at `address` has read from the stream lately."""
    return any(
        client["cmd"].startswith("xreadgroup")
        and client["addr"].rpartition(":")[0] == address
        and int(client["idle"]) <= QUIET_SECONDS
        for client in clients
    )


def unwritable(log: Path) -> str | None:
    """Why the log cannot be written, or None."""
    if log.exists():
        return None if os.access(log, os.W_OK) else f"user {os.getuid()} may not write {log}"
    return None if os.access(log.parent, os.W_OK | os.X_OK) else f"user {os.getuid()} may not write into {log.parent}"


def problem(url: str, log: Path) -> str | None:
    refused = unwritable(log)
    if refused:
        return refused
    client = connect(url, seconds=3)
    try:
        own = str(client.client_info()["addr"]).rpartition(":")[0]
        found = asking(client.client_list(), own)
    except redis.RedisError as error:
        return f"cannot ask Redis: {error}"
    return None if found else f"nothing here has asked for results in the last {QUIET_SECONDS} s"


def main() -> int:
    url = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
    found = problem(url, Path(os.environ.get("RESULT_LOG", "logs/result_listener.log")))
    sys.stdout.write(f"{found or 'ready'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
