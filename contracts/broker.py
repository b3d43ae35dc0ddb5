"""Celery settings that every process on the broker must share, as plain data.

Reasons, measured on Celery and kombu 5.7: without `socket_timeout` and `health_check_interval` a
half-open connection stopped a worker for good; without `queue_order_strategy` partials are taken
before finals. `visibility_timeout` is what redelivers the work of a killed worker; it may be short
because `contracts.watch` renews what a living one holds. No result backend is used: results live in
`contracts.commit`'s streams.
"""

from typing import Any

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


FORGIVING_TRANSPORT = "contracts.transport:Transport"
"""Drops an entry that is no Celery message instead of ending the worker."""

HIDDEN = {"argsrepr": "-", "kwargsrepr": "-"}
"""Options for every `send_task`: without them Celery puts a picture of the arguments, which may be
speech, into its events, and making that picture is a third of the time that sending takes."""


def celery_settings(redis_url: str) -> dict[str, Any]:
    """Settings for `Celery(...).conf.update`; the same for gateway and workers. Schemes other than
    redis:// (rediss, sentinel) keep kombu's own transport for them."""
    transport = {"broker_transport": FORGIVING_TRANSPORT} if redis_url.startswith("redis://") else {}
    return transport | {
        "broker_url": redis_url,
        "broker_transport_options": TRANSPORT_OPTIONS,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
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
