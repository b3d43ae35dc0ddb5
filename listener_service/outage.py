"""Something that does not work for a while: said once when it begins, once when it is over."""

import logging
import threading

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 1.0
"""Until it is noticed that it works again; a result log or a Redis is asked no more often than this."""


class Outage:
    """`begun` and `over` are the constant texts of the two log lines."""

    def __init__(self, stop: threading.Event, begun: str, over: str) -> None:
        self._stop = stop
        self._begun = begun
        self._over = over
        self._wait = FIRST_WAIT_SECONDS
        self._on = False

    def failed(self, **fields: object) -> None:
        """It failed (again): say so the first time, then wait, longer each time, or until stopped."""
        if not self._on:
            log.error(self._begun, extra=fields)
        self._on = True
        self._stop.wait(self._wait)
        self._wait = min(self._wait * 2, LONGEST_WAIT_SECONDS)

    def worked(self) -> None:
        if self._on:
            log.warning(self._over)
        self._on = False
        self._wait = FIRST_WAIT_SECONDS
