"""kombu's Redis transport, except that neither an entry which is no Celery message nor a Redis that
refuses ends the worker, that any sentinel may be asked, and that a Redis Cluster is told from a Redis.

Stock kombu lets such errors out (`LPUSH stt_queue x` stops every worker that pops it). Celery imports
this file by the names in `contracts.broker`; nobody else does: it is the one file of `contracts`
that needs kombu, and a service without Celery must not.
"""

import logging
import time
from collections.abc import Sequence
from queue import Empty
from typing import Any

from kombu.connection import Connection as KombuConnection
from kombu.transport import redis
from redis import Redis
from redis.exceptions import ResponseError

from contracts import connect

log = logging.getLogger(__name__)

REFUSED_PAUSE_SECONDS = 1.0


class QoS(redis.QoS):
    def restore_visible(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().restore_visible(*arguments, **options)  # type: ignore[no-untyped-call]  # kombu is partly typed
        except ResponseError:  # `_brpop_read` says that Redis refuses; the next look is a second away
            return None


class Channel(redis.Channel):
    QoS = QoS
    _refused = False

    def _brpop_read(self, **options: Any) -> Any:
        """One message from a queue. What cannot be read as one is gone from the queue by then: it
        is dropped, with its error in the log but not its content, which may be speech. A Redis that
        refuses (no replica, a full disk) is asked again a little later."""
        told, self._refused = self._refused, False
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]  # likewise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.error("queue entry dropped: not a Celery message", extra={"error": type(error).__name__})
            raise Empty from None
        except ResponseError as error:
            if (
                not self.qos.can_consume()
            ):  # a message was taken and cannot be acknowledged: only a new channel forgets it
                raise
            if not told:
                log.warning("Redis refuses to give messages out, trying again", extra={"error": error})
            self._refused = True
            time.sleep(REFUSED_PAUSE_SECONDS)
            raise Empty from None

    def _connparams(self, asynchronous: bool = False) -> Any:
        parameters = super()._connparams(asynchronous)  # type: ignore[no-untyped-call]  # likewise
        return parameters | {"redis_connect_func": connect.greet}


class SentinelChannel(Channel, redis.SentinelChannel):
    """`sentinels` are all of them, as host and port; kombu itself knows of the one in the URL."""

    from_transport_options: Any = (*redis.SentinelChannel.from_transport_options, "sentinels")
    sentinels: Sequence[tuple[str, int]] = ()
    sentinel_kwargs: dict[str, Any] = {}

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:
        self.sentinel_kwargs = connect.SENTINEL_TIMEOUTS | self.sentinel_kwargs | {"retry": connect.AT_ONCE}
        pool = super()._sentinel_managed_pool(asynchronous)  # type: ignore[no-untyped-call]  # likewise
        others = [Redis(host, port, **self.sentinel_kwargs) for host, port in self.sentinels[1:]]
        pool.sentinel_manager.sentinels += others
        return pool


class Connection(KombuConnection):
    """Tries again twice a second: kombu alone waits 2, 4, 6 … 30 s, which after an outage of a minute is
    that much longer until something is understood."""

    def ensure_connection(
        self,
        errback: Any = None,
        max_retries: int | None = None,
        interval_start: float = 0.5,
        interval_step: float = 0.1,
        interval_max: float = 1.0,
        **rest: Any,
    ) -> Any:
        waits = {"interval_start": interval_start, "interval_step": interval_step, "interval_max": interval_max}
        return super().ensure_connection(errback, max_retries, **waits, **rest)  # type: ignore[no-untyped-call]  # kombu


class Transport(redis.Transport):
    Channel = Channel


class SentinelTransport(Transport, redis.SentinelTransport):
    Channel = SentinelChannel
