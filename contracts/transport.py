"""kombu's Redis transport, except that an entry which is no Celery message does not end the worker.

Stock kombu lets the error out (`LPUSH stt_queue x` stops every worker that pops it). Celery imports
this file by the name in `contracts.broker`; nobody else does: it is the one file of `contracts`
that needs kombu, and a service without Celery must not.
"""

import logging
from queue import Empty
from typing import Any

from kombu.transport import redis

log = logging.getLogger(__name__)


class Channel(redis.Channel):
    def _brpop_read(self, **options: Any) -> Any:
        """One message from a queue. What cannot be read as one is gone from the queue by then: it
        is dropped, with its error in the log but not its content, which may be speech."""
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]  # kombu is partly typed
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.error("queue entry dropped: not a Celery message", extra={"error": type(error).__name__})
            raise Empty from None


class Transport(redis.Transport):
    Channel = Channel
