"""Celery settings that every process on the broker must share, as plain data.

Reasons, measured on Celery and kombu 5.7: without `socket_timeout` and `health_check_interval` a
half-open connection stopped a worker for good; without `queue_order_strategy` partials are taken
before finals; without `broker_channel_error_retry` a worker ends when Redis refuses to write for a
moment. `visibility_timeout` is what redelivers the work of a killed worker; it may be short
because `contracts.watch` renews what a living one holds. No result backend is used: results live in
`contracts.commit`'s streams.
"""

from typing import Any

from contracts.redis_url import Address, parse

VISIBILITY_TIMEOUT_SECONDS = 10

TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 10,
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 5,
    "queue_order_strategy": "priority",
}


TRANSPORT = "contracts.transport:Transport"
SENTINEL_TRANSPORT = "contracts.transport:SentinelTransport"
"""kombu's, except that they drop an entry that is no Celery message instead of ending the worker, and go on
when Redis is full."""

HIDDEN = {"argsrepr": "-", "kwargsrepr": "-"}
"""Options for every `send_task`: without them Celery puts a picture of the arguments, which may be
speech, into its events, and making that picture is a third of the time that sending takes."""


def celery_settings(redis_url: str) -> dict[str, Any]:
    """Settings for `Celery(...).conf.update`; the same for gateway and workers. Raises BadAddress."""
    return _broker(parse(redis_url)) | {
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
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "worker_hijack_root_logger": False,
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
