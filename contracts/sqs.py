"""kombu's transport for Amazon SQS, except that it keeps the order of the queues, holds no more than it works
on, and waits for a service that is away or refuses instead of ending the worker.

Stock kombu polls every queue at once in Celery's event loop, which stands still while a solo worker
works: a message that an answer under way brings meanwhile is seen by nobody until then, and a recording's
may come before a live one. Here `contracts.turnstile` asks, in threads, and Celery takes its simple loop.
Messages are as kombu writes them. Celery imports this file by its name in `contracts.broker`; nobody else does.
"""
# kombu and botocore are partly typed
# mypy: allow-untyped-calls

import logging
import os
import time
from queue import Empty
from typing import Any

from botocore.exceptions import ClientError
from kombu.transport import SQS
from kombu.transport.SQS.exceptions import AccessDeniedQueueException, DoesNotExistQueueException
from kombu.utils.objects import cached_property

from contracts.broker import SQS_WAIT_SECONDS
from contracts.names import STT_QUEUE
from contracts.turnstile import Door, Turnstile

log = logging.getLogger(__name__)
logging.getLogger("botocore.credentials").setLevel(logging.WARNING)
"""It tells of each client where the keys were found."""

CLOSING_SECONDS = SQS_WAIT_SECONDS + 1.0
NO_SUCH_QUEUE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


class Channel(SQS.Channel):
    """`idle_seconds`: for how long a queue that has nothing is waited at."""

    from_transport_options: Any = (*SQS.Channel.from_transport_options, "idle_seconds")
    idle_seconds = SQS_WAIT_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._turnstile: Turnstile | None = None
        self._ending: list[Turnstile] = []
        super().__init__(*arguments, **options)

    def _update_queue_cache(self, queue_name_prefix: str) -> None:
        """A queue's address is asked for by its name, when it is needed: listing needs a permission for all queues."""

    def _resolve_queue_url(self, queue: str) -> str:
        name = self.canonical_queue_name(queue)
        if name not in self._queue_cache:
            try:
                self._queue_cache[name] = self.sqs().get_queue_url(QueueName=name)["QueueUrl"]
            except ClientError as error:
                if error.response["Error"]["Code"] not in NO_SUCH_QUEUE:
                    raise
                raise DoesNotExistQueueException(name) from None
        return str(self._queue_cache[name])

    def _size(self, queue: str) -> int:
        """Nobody decides by what SQS guesses, and each guess is a request."""
        return 0

    def verify(self) -> None:
        """Raises what the client raises when SQS does not answer or does not know us."""
        try:
            self._resolve_queue_url(STT_QUEUE)
        except DoesNotExistQueueException:
            return

    def _reset_cycle(self) -> None:
        """The queues have changed, or are given up one by one."""
        super()._reset_cycle()
        self._end_turnstile()

    def drain_events(self, timeout: float | None = None, callback: Any = None, **_: Any) -> None:
        if not self._consumers or not self.qos.can_consume():
            raise Empty
        if self._turnstile is None:
            self.sqs()  # made here, as two threads would make two
            self._turnstile = Turnstile(list(self._active_queues), Door(self._ask, self._put_back))
        taken = self._turnstile.take(1.0 if timeout is None else timeout)
        if taken is None:
            raise Empty
        queue, message = taken
        payload = self._read(queue, message)
        if payload is None:
            raise Empty
        (callback or self.connection._deliver)(payload, queue)

    def close(self) -> None:
        """Waits for the answers that are under way, and puts back what comes by them."""
        self._end_turnstile()
        give_up = time.monotonic() + CLOSING_SECONDS
        while self._ending:
            self._ending.pop().close(give_up - time.monotonic())
        super().close()

    def _end_turnstile(self) -> None:
        if self._turnstile:
            self._turnstile.close(0.0)
            self._ending.append(self._turnstile)
            self._turnstile = None

    def _put(self, queue: str, message: Any, **options: Any) -> None:
        try:
            super()._put(queue, message, **options)
        except ClientError as error:
            self._forget_lost(queue, error)
            raise

    def _ask(self, queue: str, wait: bool) -> Any:
        try:
            answer = self.sqs().receive_message(
                QueueUrl=self._new_queue(queue),
                MaxNumberOfMessages=1,
                WaitTimeSeconds=self.idle_seconds if wait else 0,
                VisibilityTimeout=self.visibility_timeout,
            )
        except ClientError as error:
            self._forget_lost(queue, error)
            raise
        return next(iter(answer.get("Messages", ())), None)

    def _put_back(self, queue: str, message: Any) -> None:
        self.sqs().change_message_visibility(
            QueueUrl=self._new_queue(queue), ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )

    def _forget_lost(self, queue: str, error: ClientError) -> None:
        """A queue that somebody has deleted is made again when it is next needed."""
        if error.response["Error"]["Code"] in NO_SUCH_QUEUE:
            self._queue_cache.pop(self.canonical_queue_name(queue), None)

    def _read(self, queue: str, message: Any) -> Any:
        """None for what is no Celery message: it is dropped, with its error in the log but not its content,
        which may be speech. (kombu would take any text for one, and Celery log it.)"""
        url = self._new_queue(queue)
        try:
            payload = self._message_to_python(message, queue, url)
            if not payload["headers"]["task"]:
                raise KeyError("task")
            self.Message(payload, channel=self)
        except _UNREADABLE as error:
            log.error("queue entry dropped: not a Celery message", extra={"error": type(error).__name__})
            self.sqs().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return None
        return payload

    @cached_property
    def region(self) -> str:
        return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or str(self.default_region)

    @cached_property
    def endpoint_url(self) -> str | None:
        return os.environ.get("AWS_ENDPOINT_URL_SQS") or os.environ.get("AWS_ENDPOINT_URL") or None


class Transport(SQS.Transport):
    Channel = Channel
    polling_interval: float = 0.05  # type: ignore[assignment]  # kombu's sleeps so long
    connection_errors: tuple[Any, ...] = (*SQS.Transport.connection_errors, ClientError, AccessDeniedQueueException)
    implements = SQS.Transport.implements.extend(asynchronous=False)

    def establish_connection(self) -> Any:
        """Raises when SQS does not answer, or refuses, so that who connects waits and tries again."""
        connection = super().establish_connection()
        try:
            self._avail_channels[-1].verify()
        except Exception:
            self.close_connection(connection)
            raise
        return connection
