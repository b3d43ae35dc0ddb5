"""kombu's Redis transport, except that neither an entry which is no Celery message nor a Redis that
refuses ends the worker, that a Redis which is full does not refuse, that any sentinel may be asked,
and that a Redis Cluster is told from a Redis. The keys and what is in them are kombu's own.

Stock kombu lets such errors out (`LPUSH stt_queue x` stops every worker that pops it). Celery imports
this file by the names in `contracts.broker`; nobody else does: it is the one file of `contracts`
that needs kombu, and a service without Celery must not.
"""
# kombu and redis-py are partly typed
# mypy: allow-untyped-calls

import logging
import time
from collections.abc import Callable, Sequence
from queue import Empty
from typing import Any

from kombu.connection import Connection as KombuConnection
from kombu.transport import redis
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads
from kombu.utils.objects import cached_property
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ResponseError

from contracts import connect, overdraft

log = logging.getLogger(__name__)

REFUSED_PAUSE_SECONDS = 1.0
NOTE_SECONDS, NOTE_PAUSE_SECONDS = 5.0, 0.1
"""How long a message that was taken is tried to be noted in `unacked`; then it is the sweeper's to send again."""

_RESTORE = """
local unacked, index = unpack(KEYS)
local tag, push = unpack(ARGV)
redis.call('ZREM', index, tag)  -- a write: from here on a full memory stops nothing (see contracts.ledger)
if redis.call('HDEL', unacked, tag) == 0 then return 0 end  -- acknowledged, or restored by another worker
for n = 3, #KEYS do redis.call(push, KEYS[n], ARGV[n]) end
return 1
"""
_REFRESH_BINDING = "redis.call('ZREM', KEYS[2], '')  -- likewise\n" + redis.REFRESH_BINDING


class Transaction(Pipeline):
    """What kombu sends between MULTI and EXEC, as one script. What watches a key or runs scripts stays
    what it is."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        if self.watching or self.scripts or not self.command_stack:
            return super().execute(raise_on_error)
        step = overdraft.step(*(arguments for arguments, _ in self.command_stack))
        try:
            replies: list[Any] = self.immediate_execute_command("EVAL", *step.call)
        finally:
            self.reset()
        return replies


class Client(Redis):
    """Does what kombu does in a way that a Redis without memory does not refuse."""

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        if arguments[0] not in overdraft.REFUSED:
            return super().execute_command(*arguments, **options)
        (reply,) = super().execute_command("EVAL", *overdraft.step(arguments).call)
        return reply

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        if not transaction:
            return super().pipeline(transaction, shard_hint)
        return Transaction(self.connection_pool, self.response_callbacks, False, shard_hint)


class _Pushes:
    """Where kombu puts a message back: a key and a body for each queue."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.bodies: list[str] = []

    def push(self, key: str, body: str) -> None:
        self.keys.append(key)
        self.bodies.append(body)

    lpush = rpush = push


class QoS(redis.QoS):
    """Tries again to note what it took, which nobody else has any more, while Redis is away for some seconds.
    Forgets what it acknowledges or puts back, whether Redis hears of it or not. kombu keeps it where the
    connection breaks in that moment, Celery goes on, and a worker that may have one message in hand
    takes nothing any more. What Redis did not hear of is delivered again after the visibility timeout."""

    def append(self, message: Any, delivery_tag: str) -> None:
        give_up = time.monotonic() + NOTE_SECONDS
        while True:
            try:
                super().append(message, delivery_tag)
                return
            except self.channel.connection_errors:
                if time.monotonic() > give_up:
                    raise
                time.sleep(NOTE_PAUSE_SECONDS)

    def ack(self, delivery_tag: str) -> None:
        self._settle(super().ack, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        self._settle(super().reject, delivery_tag, requeue)

    def _settle(self, settle: Callable[..., None], tag: str, *options: bool) -> None:
        """Once more when the connection breaks: the same twice is the same as once."""
        try:
            settle(tag, *options)
        except self.channel.connection_errors:
            try:
                settle(tag, *options)
            except self.channel.connection_errors:
                self._quick_ack(tag)
                raise

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """As kombu does, but without WATCH: whoever removes the note puts the message back."""
        pushes = _Pushes()
        with self.channel.conn_or_acquire(client) as connected:
            if note := connected.hget(self.unacked_key, tag):
                message, exchange, routing_key = loads(bytes_to_str(note))
                self.channel._do_restore_message(message, exchange, routing_key, pushes, leftmost)
            names = self.unacked_key, self.unacked_index_key, *pushes.keys
            push = "LPUSH" if leftmost else "RPUSH"
            connected.eval(_RESTORE, len(names), *names, tag, push, *pushes.bodies)

    def restore_visible(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().restore_visible(*arguments, **options)
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
            return super()._brpop_read(**options)
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

    def _get_client(self) -> type[Redis]:
        super()._get_client()  # it may refuse redis-py's version
        return Client

    @cached_property
    def _refresh_binding(self) -> Any:
        return self._create_client().register_script(_REFRESH_BINDING)

    def _connparams(self, asynchronous: bool = False) -> Any:
        parameters = super()._connparams(asynchronous)
        return parameters | {"redis_connect_func": connect.greet}


class SentinelChannel(Channel, redis.SentinelChannel):
    """`sentinels` are all of them, as host and port; kombu itself knows of the one in the URL."""

    from_transport_options: Any = (*redis.SentinelChannel.from_transport_options, "sentinels")
    sentinels: Sequence[tuple[str, int]] = ()
    sentinel_kwargs: dict[str, Any] = {}

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:
        self.sentinel_kwargs = connect.SENTINEL_TIMEOUTS | self.sentinel_kwargs | {"retry": connect.AT_ONCE}
        pool = super()._sentinel_managed_pool(asynchronous)
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
        return super().ensure_connection(errback, max_retries, **waits, **rest)


class Transport(redis.Transport):
    Channel = Channel


class SentinelTransport(Transport, redis.SentinelTransport):
    Channel = SentinelChannel
