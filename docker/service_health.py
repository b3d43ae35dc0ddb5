"""Health check of a container whose service has a heartbeat: does its process live, and is it ready?

    python -m docker.service_health

Reads HEARTBEAT_FILE, which the process renews every two seconds. Exit status 0 when that was lately
and it says "ready"; otherwise 1 with the reason in words, which `docker inspect` shows. Redis is not
asked: that it is away is not this container's failure, and starting it again would mend nothing. A
solo Celery worker cannot be asked itself: it does not answer while it works.
"""

import os
import sys
import time
from pathlib import Path

from contracts import codec
from contracts.messages import Heartbeat

QUIET_SECONDS = 15
"""Seven beats: a process that gets no processor for a while is not dead."""


def problem(path: Path, now: float) -> str | None:
    """None when the process that writes `path` is ready at `now` (unix seconds), else why not."""
    try:
        quiet = now - path.stat().st_mtime
        beat = codec.loads(path.read_bytes(), Heartbeat)
    except FileNotFoundError:
        return "no heartbeat: the process has not got as far"
    except (OSError, codec.DecodeError) as error:
        return f"{path} is no heartbeat: {error}"
    if quiet > QUIET_SECONDS:
        return f"no sign of life for {quiet:.0f} s: the process has stopped or hangs"
    return None if beat.state == "ready" else f"{beat.state}: {beat.reason or 'not ready yet'}"


def main() -> int:
    found = problem(Path(os.environ["HEARTBEAT_FILE"]), time.time())
    sys.stdout.write(f"{found or 'ready'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
