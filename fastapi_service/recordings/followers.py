"""How many callers may wait for recordings on an open connection at a time; nothing here knows what they wait for.

Each has the gateway look at its job four times a second, which takes some 2 ms of a core.
"""

import logging
from collections.abc import AsyncIterator

from fastapi_service.routes.problem import Problem

log = logging.getLogger(__name__)

RETRY_SECONDS = 10


class Followers:
    """For `most` at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._here = 0
        self._full = False

    async def place(self) -> AsyncIterator[None]:
        """A route's dependency: the caller has a place until its answer is sent or it has gone away. Raises Problem."""
        if self._here >= self._most:
            if not self._full:
                log.warning("followers of recordings are refused", extra={"here": self._here})
            self._full = True
            message = (
                f"{self._most} callers follow recordings here already, or wait for one; try again in {RETRY_SECONDS} "
                "seconds, or ask for /v1/jobs/{id} now and then, which needs no place"
            )
            raise Problem(503, "followers_full", message, None, {"Retry-After": str(RETRY_SECONDS)})
        self._full = False
        self._here += 1
        try:
            yield
        finally:
            self._here -= 1
