"""Reads the streams `results` and `dead_letters` along, from their ends on, for `Traffic`.

It belongs to no group and removes nothing: the listener alone does. Nothing is kept of what was said.
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any, cast

import redis

from contracts import codec
from contracts.messages import Error, Result
from contracts.names import DEAD_LETTERS_STREAM, PROBE_PREFIX, RESULTS_STREAM
from listener_service.outage import Outage
from listener_service.place import Place, order
from listener_service.traffic import Traffic

log = logging.getLogger(__name__)

PAGE = 500
BLOCK_MS = 1000
"""Below the client's socket timeout, and as long as a stop may have to wait."""

STREAMS = (RESULTS_STREAM, DEAD_LETTERS_STREAM)


class Follower:
    def __init__(self, client: "redis.Redis", traffic: Traffic, stop: threading.Event) -> None:
        self._redis = client
        self._traffic = traffic
        self._stop = stop
        self._places: dict[str, Place] = {}
        self._joined = False

    def run(self) -> None:
        """Until stopped."""
        away = Outage(self._stop, "results are not counted, trying again", "results are counted again")
        while not self._stop.is_set():
            try:
                self.step()
                away.worked()
            except redis.RedisError as error:
                self._joined = False
                away.failed(error=error)

    def step(self) -> None:
        """Count what is new, or wait a second for it. Raises RedisError."""
        if not self._joined:
            self._join()
        ids: Any = {stream: place.id for stream, place in self._places.items()}
        reply: Any = self._redis.xread(ids, count=PAGE, block=BLOCK_MS)
        for stream, entries in reply or ():
            for entry_id, fields in entries:
                self._count(stream.decode(), entry_id.decode(), fields or {})

    def _join(self) -> None:
        """Go on behind what was read last. A stream that ends before that is another one, or its Redis has
        lost its newest; of it only what comes is counted, as at the beginning."""
        first = not self._places
        for stream in STREAMS:
            newest = self._newest(stream)
            place = self._places.get(stream)
            if place is None or order(newest.id) < order(place.id):
                self._places[stream] = newest
        self._joined = True
        if first:
            log.info("results are counted from now on")

    def _newest(self, stream: str) -> Place:
        entries: Any = self._redis.xrevrange(stream, count=1)
        return Place(entries[0][0].decode(), _number(entries[0][1])) if entries else Place()

    def _count(self, stream: str, entry_id: str, fields: Mapping[bytes, bytes]) -> None:
        if stream == DEAD_LETTERS_STREAM:
            self._places[stream] = self._places[stream].after(entry_id, None)
            self._traffic.dead_letter(fields.get(b"stage", b"").decode(errors="replace"))
            return
        n = _number(fields)
        self._traffic.missed(len(self._places[stream].missing(entry_id, n)))
        self._places[stream] = self._places[stream].after(entry_id, n)
        try:
            event = cast(Result | Error, codec.loads(fields.get(b"body", b""), Result, Error))
        except codec.DecodeError:  # the listener tells of it in its log
            return
        if (event.session or "").startswith(PROBE_PREFIX):
            return
        if isinstance(event, Result):
            self._traffic.result(event)
        else:
            self._traffic.error(event)


def _number(fields: Mapping[bytes, bytes]) -> int | None:
    n = fields.get(b"n", b"")
    return int(n) if n.isdigit() and len(n) < 19 else None
