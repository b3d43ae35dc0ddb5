"""A process's sign of life: a daemon thread that renews `hb:{worker}` and a file while it lives.

`/health/ready` reads the keys to say which process is missing and why, a container's health check
reads the file, which needs no Redis. Celery's own `inspect ping` is no substitute: a solo worker does
not answer it while it works.
"""

import dataclasses
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from contracts import codec, keys, overdraft
from contracts.commit import ScriptRunner
from contracts.messages import Heartbeat

log = logging.getLogger(__name__)

PERIOD_SECONDS = 2.0
TTL_SECONDS = 10
FAILED_TTL_SECONDS = 60
"""The last word of a worker that ends because it cannot work outlives its process a little."""


def worker_name(service: str) -> str:
    """This process's, which no other one of that host has at the same time: service, host and pid. (Two containers
    that were given the same host name may share it: each has its own pid 7.)"""
    return f"{service}@{socket.gethostname()}-{os.getpid()}"


class Pulse:
    """Renews one process's Heartbeat; `say` changes what it tells. Errors of Redis are logged once
    per outage and do not end the thread.

    `path` is the heartbeat file, if there is to be one; `each` is called on every beat, in the
    thread: what must go on while the process is busy with a task.
    """

    def __init__(
        self, redis: ScriptRunner, service: str, path: str = "", each: Sequence[Callable[[], object]] = ()
    ) -> None:
        self._redis = redis
        self._beat = Heartbeat(worker=worker_name(service), service=service, state="loading", since=time.time())
        self._path = Path(path) if path else None
        self._each = each
        self._stopped = threading.Event()
        self._reached = True
        self._written = True
        self._sending = threading.Lock()

    @property
    def worker(self) -> str:
        """The process's name."""
        return self._beat.worker

    def start(self) -> None:
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def say(self, **changes: Any) -> None:
        """Change fields of the Heartbeat (`state`, `reason`, `model`, ...) and send it now."""
        self._beat = dataclasses.replace(self._beat, since=time.time(), **changes)
        self._send()

    def busy(self, since: float | None) -> None:
        """A task is in hand since then (unix seconds), or none; told with the next beat."""
        self._beat = dataclasses.replace(self._beat, busy_since=since)

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            for work in self._each:
                work()
            self._send()
            self._stopped.wait(PERIOD_SECONDS)

    def _send(self) -> None:
        with self._sending:  # what `say` sends is not overtaken by what was said before
            self._write(self._beat)
            self._send_newest()

    def _write(self, beat: Heartbeat) -> None:
        """Whole or not at all: who reads the file never finds half a heartbeat."""
        if self._path is None:
            return
        try:
            new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            new.write_text(codec.dumps(beat))
            new.replace(self._path)
        except OSError as error:
            if self._written:
                log.warning("heartbeat file not written", extra={"path": self._path, "error": error})
            self._written = False
            return
        self._written = True

    def _send_newest(self) -> None:
        beat = self._beat
        try:
            ttl = FAILED_TTL_SECONDS if beat.state == "failed" else TTL_SECONDS
            sign = "SET", keys.heartbeat(beat.worker), codec.dumps(beat), "EX", ttl
            self._redis.eval(*overdraft.step(sign, ("SADD", keys.WORKERS, beat.worker)).call)
        except Exception as error:  # any client's error: this module knows no client library
            if self._reached:
                log.warning("heartbeat not sent", extra={"worker": beat.worker, "error": error})
            self._reached = False
            return
        self._reached = True
