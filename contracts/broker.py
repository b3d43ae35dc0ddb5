"""Celery settings that every process on the broker must share, as plain data.

Reasons, measured on Celery and kombu 5.7: without `socket_timeout` and `health_check_interval` a
half-open connection stopped a worker for good; without `queue_order_strategy` partials are taken
before finals; without `broker_channel_error_retry` a worker ends when Redis refuses to write for a
moment. `visibility_timeout` is what redelivers the work of a killed worker; it may be short
because `contracts.watch` renews what a living one holds. No result backend is used: results live in
`contracts.commit`'s streams.
"""

from collections.abc import Sequence
from typing import Any

from contracts import broker_url
from contracts.redis_url import Address, parse

VISIBILITY_TIMEOUT_SECONDS = 10

WORKERS_ANSWER_SECONDS = 3
"""The longest that a worker waits for an answer of Redis: a connection that is half-open unnoticed costs it that for
its own steps, once more for Celery's, and some seconds until kombu's wait for messages is given up."""

TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 10,
    "socket_timeout": WORKERS_ANSWER_SECONDS,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 2,
    "queue_order_strategy": "priority",
}


TRANSPORT = "contracts.transport:Transport"
SENTINEL_TRANSPORT = "contracts.transport:SentinelTransport"
"""kombu's, except that they drop an entry that is no Celery message instead of ending the worker, and go on
when Redis is full."""

SQS_TRANSPORT = "contracts.sqs:Transport"
SQS_WAIT_SECONDS = 5
"""For how long SQS is waited at when there is nothing. It may give a message to one who asked and is gone by
then, so a worker that ends waits for its last answer, and one that was killed keeps nothing for longer."""
SQS_CLIENT = {
    "connect_timeout": 3,
    "read_timeout": SQS_WAIT_SECONDS + 5,
    "retries": {"mode": "standard", "total_max_attempts": 2},
    "tcp_keepalive": True,
}
SQS_SENDING = {"max_retries": 1, "interval_start": 0.2}
"""Who sends tries again by himself; kombu alone would hold him up for seconds."""
GIVEN_BACK_SECONDS = 1
"""Until a task that was given back is given out again."""
LONGEST_SECONDS = 900.0
SQS_MARGIN_SECONDS = 30.0
SQS_MOST_SECONDS = 12 * 3600
"""Of a message out of sight: SQS allows no more."""

HIDDEN = {"argsrepr": "-", "kwargsrepr": "-"}
"""Options for every `send_task`: without them Celery puts a picture of the arguments, which may be
speech, into its events, and making that picture is a third of the time that sending takes."""


def celery_settings(redis_url: str, queues_at: str = "", longest_seconds: float = LONGEST_SECONDS) -> dict[str, Any]:
    """Settings for `Celery(...).conf.update`; the same for gateway and workers. `queues_at`: BROKER_URL;
    `longest_seconds`: the longest that a worker has a task. Raises BadAddress, BadBroker."""
    prefix = broker_url.prefix(queues_at)
    broker = _broker(parse(redis_url)) if prefix is None else _sqs(prefix, longest_seconds)
    events = prefix is None
    return broker | {
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_acks_on_failure_or_timeout": True,
        "task_reject_on_worker_lost": True,
        "task_track_started": False,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": events,
        "task_send_sent_event": events,
        "worker_hijack_root_logger": False,
    }


def in_redis(queues: Sequence[str], queues_at: str) -> Sequence[str]:
    """Those of these queues whose entries can be seen in Redis: all, or none with a BROKER_URL."""
    return () if queues_at else queues


def _sqs(prefix: str, longest_seconds: float) -> dict[str, Any]:
    """A message is out of sight for longer than any task takes, and nobody renews that: whose a task is says
    the ledger alone, whose lease of 8 s is renewed. What is given out twice, workers leave."""
    out_of_sight = min(SQS_MOST_SECONDS, longest_seconds + SQS_MARGIN_SECONDS)
    options = {"queue_name_prefix": prefix, "visibility_timeout": out_of_sight, "wait_time_seconds": GIVEN_BACK_SECONDS}
    return {
        "broker_url": "sqs://",
        "broker_transport": SQS_TRANSPORT,
        "broker_transport_options": options | SQS_SENDING | {"client-config": SQS_CLIENT},
        "worker_enable_remote_control": False,
    }


def _broker(address: Address) -> dict[str, Any]:
    """Of several sentinels only the first is in the URL: Celery would go through a list of URLs by
    itself, and take kombu's own transport from the second one on."""
    tls = dict(address.tls or {})
    options, transport = TRANSPORT_OPTIONS, TRANSPORT
    if address.master is not None:
        login = {"username": address.sentinel_login.username, "password": address.sentinel_login.password}
        asked = login | ({"ssl": True, **tls} if tls else {})
        options = options | {"master_name": address.master, "sentinels": address.hosts, "sentinel_kwargs": asked}
        transport = SENTINEL_TRANSPORT
    return {
        "broker_url": address.first,
        "broker_transport": transport,
        "broker_transport_options": options,
        "broker_use_ssl": tls or False,
    }
