"""How many streams one gateway process holds: more and more clients, until audio is lost or heard late.

Gateway and Redis are the Procfile's; the workers are played (they answer at once), so that only
the gateway is measured. Clients, Redis and played workers share the machine's cores with it.
"""

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts import procfile
from tests.bench.row import Row, Scale
from tests.eventually import eventually
from tests.played_workers import PlayedWorkers
from tests.ports import free_port
from tests.processes import Process, RedisServer, clean_environ

LATE_MS = 1000
"""An answer to what was said must not wait longer than this for the gateway to hear it."""
PATIENCE_SECONDS = 240


def measure(scale: Scale) -> list[Row]:
    steps: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with (
            RedisServer(directory) as redis,
            PlayedWorkers(redis.url),
            _gateway(directory, redis.url, scale) as gateway,
        ):
            for clients in scale.crowds:
                steps.append(_step(gateway, clients, scale.crowd_seconds))
                if not held(steps[-1]):
                    break
    good = [step for step in steps if held(step)]
    best = good[-1] if good else None
    limit = "" if len(good) < len(steps) else ", more were not tried"
    value = (
        "none"
        if best is None
        else (
            f"{best['clients']}{limit}; gateway {best['gateway_cpu_percent']:.0f} % of a core, "
            f"hears {best['lag_p50_ms']:.0f} ms behind (p99 {best['lag_p99_ms']:.0f} ms)"
        )
    )
    return [
        Row(
            "streams",
            "streams held by one gateway process, nothing lost and heard within 1 s "
            f"(tried: {', '.join(str(step['clients']) for step in steps)})",
            value,
            figures={"steps": steps},
        )
    ]


def held(step: dict[str, Any]) -> bool:
    """Whether all audio and all results came through, and in time."""
    return not step["lost"] and step["lag_max_ms"] <= LATE_MS and step["late_max_ms"] <= LATE_MS


def _gateway(directory: Path, redis_url: str, scale: Scale) -> Process:
    port = free_port()
    settings = clean_environ(
        HOST="127.0.0.1", PORT=str(port), REDIS_URL=redis_url, MAX_SESSIONS=str(max(scale.crowds)), LOG_LEVEL="WARNING"
    )
    return Process("fastapi_service", procfile.lines()["fastapi_service"], directory, settings)


def _step(gateway: Process, clients: int, seconds: float) -> dict[str, Any]:
    """Raises RuntimeError when the crowd failed by itself."""
    address = f"127.0.0.1:{gateway.environ['PORT']}"
    eventually(lambda: _open(int(gateway.environ["PORT"])), timeout=60)
    command = [sys.executable, "-m", "tests.bench.crowd", f"ws://{address}/ws", str(clients), str(seconds)]
    done = subprocess.run(
        [*command, str(gateway.pid)], cwd=procfile.ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    if done.returncode:
        raise RuntimeError(f"{clients} clients: {done.stderr[-1500:]}\n{gateway.output[-1500:]}")
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def _open(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
