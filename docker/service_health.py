"""Health check of a container whose service has a heartbeat: is *this* container's process ready?

    python -m docker.service_health stt_worker

Looks for `hb:{service}@{this host}-{pid}` in Redis. Exit status 0 when one says "ready"; otherwise
1 with the reason in words, which `docker inspect` and `docker compose ps` show. A solo Celery
worker cannot be asked directly: it does not answer while it works.
"""

import os
import socket
import sys
from typing import Any

import redis

from contracts import codec, keys
from contracts.connect import connect
from contracts.messages import Heartbeat


def heartbeats(client: redis.Redis, service: str, host: str) -> list[Heartbeat]:
    """What the processes of `service` on `host` say of themselves."""
    members: Any = client.smembers(keys.WORKERS)
    names = [name.decode() for name in members]
    found = [client.get(keys.heartbeat(name)) for name in names if name.startswith(f"{service}@{host}-")]
    return [codec.loads(body, Heartbeat) for body in found if body]


def verdict(beats: list[Heartbeat]) -> str | None:
    """None when one of them is ready, else why not."""
    if not beats:
        return "no heartbeat: the process has not got as far, or has stopped"
    if any(beat.state == "ready" for beat in beats):
        return None
    newest = max(beats, key=lambda beat: beat.since)
    return f"{newest.state}: {newest.reason or 'not ready yet'}"


def main() -> int:
    service = sys.argv[1]
    url = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
    client = connect(url, seconds=3)
    try:
        problem = verdict(heartbeats(client, service, socket.gethostname()))
    except (redis.RedisError, codec.DecodeError) as error:
        problem = f"cannot ask Redis: {error}"
    sys.stdout.write(f"{problem or 'ready'}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
