"""A job's events until its end, over as many connections as it takes.

Every event has an id. Who sends the last one as `Last-Event-ID` gets what came after it, from any gateway,
however long that was away: nothing is missed, nothing comes twice.
"""

import time
from collections.abc import Iterator
from typing import Any

import httpx

from recorder_service.closing import Refused
from recorder_service.gateways import Unreachable
from recorder_service.patience import Patience
from recorder_service.recordings.event_stream import Event, EventStream, Overlong
from recorder_service.recordings.server import Problem, Server

ENDS = ("completed", "failed", "cancelled")


class Following:
    def __init__(self, server: Server, job_id: str) -> None:
        self.state: dict[str, Any] = {}
        """The job when it had ended."""
        self._server = server
        self._path = f"/v1/jobs/{job_id}"
        self._stream = EventStream()

    def events(self) -> Iterator[Event]:
        """All of them from the beginning on. Raises Refused, Unreachable."""
        waits = self._server.access.waits
        patience = Patience(waits)
        while True:
            opened, ended = time.monotonic(), False
            failure: Problem | Unreachable = Unreachable(f"{self._server.access.url} ended the connection")
            try:
                for event in self._connection():
                    patience.progress()
                    ended = event.name in ENDS
                    yield event
            except (Problem, Unreachable) as error:
                failure = error
            # Nothing comes after the last event, so it must not be asked for; but a failed job may go on again.
            if ended and self._over():
                return
            if time.monotonic() - opened > waits.steady:
                patience.progress()
            self._server.wait(failure, patience, told=self._stream.retry_ms / 1000)

    def _connection(self) -> Iterator[Event]:
        """What comes until the server closes, or is gone."""
        self._stream.reset()
        headers = {"Accept": "text/event-stream"}
        if self._stream.last_id:
            headers["Last-Event-ID"] = self._stream.last_id
        access = self._server.access
        timeout = httpx.Timeout(access.silent, connect=access.waits.dead)
        with self._server.answer("GET", f"{self._path}/events", headers=headers, timeout=timeout) as answer:
            try:
                for data in answer.iter_bytes():
                    yield from self._stream.feed(data)
            except Overlong as error:
                raise Refused(f"What {access.url} sends are no events of a recording: {error}") from None

    def _over(self) -> bool:
        self.state = self._server.json("GET", self._path)
        return self.state["status"] in ENDS
