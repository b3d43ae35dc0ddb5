"""What both Celery workers do alike: how the process begins and ends, and what becomes of a task
when Redis fails.

The one file of `contracts` that imports Celery; only the workers' `app.py` may import this.
"""

import gc
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Celery, concurrency, signals
from celery.exceptions import CPendingDeprecationWarning, Reject, SecurityWarning
from celery.utils.nodenames import default_nodename
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from contracts import logs
from contracts.broker import LONGEST_SECONDS, celery_settings
from contracts.connect import refuse_cluster
from contracts.env import SettingError
from contracts.heartbeat import worker_name
from contracts.transport import Connection

log = logging.getLogger(__name__)

REQUEUE_PAUSE_SECONDS = 1.0
"""Between taking a task and giving it back, so that a refusing Redis is not asked in a tight loop."""


@dataclass(frozen=True)
class Broker:
    """Where the queues are (BROKER_URL), and the longest that this worker has a task."""

    url: str = ""
    longest_seconds: float = LONGEST_SECONDS


@dataclass(frozen=True)
class Life:
    """`start` runs before anything is consumed and may end the process; `take` gets the argument
    `message` of each task, whatever it is, and the tag of its delivery; `consuming` runs when
    messages are taken from now on; `stop` runs at the end."""

    start: Callable[[], None]
    take: Callable[[object, str | None], None]
    consuming: Callable[[], None]
    stop: Callable[[], None]


def worker_app(service: str, redis_url: str, log_level: str, broker: Broker = Broker()) -> Celery:  # noqa: B008  # frozen
    """A Celery application with the settings and the logs that all processes share."""
    # it warns of root because of pickled tasks, and ours are JSON alone
    warnings.filterwarnings("ignore", category=SecurityWarning)
    os.environ.pop("CELERY_BROKER_URL", None)  # Celery's command line takes our BROKER_URL for an address of its own
    app = Celery(service)
    app.conf.update(celery_settings(redis_url, broker.url, broker.longest_seconds))
    app.amqp.Connection = Connection

    def name(instance: Any, **_: object) -> None:
        # Celery alone calls all workers of a machine the same, and who asks them hears one answer for all
        if instance.hostname == default_nodename(None):
            instance.hostname = worker_name(service)

    signals.celeryd_init.connect(name, weak=False)

    def begin(sender: Any, **_: object) -> None:
        logs.setup(service, log_level)
        refusal = _refusal(sender)
        if refusal:
            sys.exit(f"{service}: {refusal}")
        try:
            refuse_cluster(redis_url)
        except SettingError as error:
            sys.exit(f"{service}: {error}")

    signals.worker_init.connect(begin, weak=False)
    # Celery's own log set-up is switched off by being listened to
    signals.setup_logging.connect(lambda **_: None, weak=False)

    def keep_quiet(**_: object) -> None:
        """Celery has asked for this warning by now. It comes each time that Redis was away, and is of a default that
        will change, which `celery_settings` sets."""
        warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)

    signals.celeryd_after_setup.connect(keep_quiet, weak=False)
    return app


def _refusal(worker: Any) -> str | None:
    """What of a Celery worker's options will not do. One process has one task: what it holds, how long
    it has had it and whether it takes anything is known (contracts.watch) of one alone."""
    pool = concurrency.get_implementation(worker.pool_cls)
    name = next((alias for alias, path in concurrency.ALIASES.items() if path == _path(pool)), _path(pool))
    if name != "solo":
        return f"--pool={name} will not do: use --pool=solo, and start more processes for more at a time"
    if worker.options.get("autoscale"):  # the attribute is set later
        return "--autoscale will not do: leave it out, and start more processes for more at a time"
    if worker.concurrency != 1:
        at_a_time = f"--concurrency={worker.concurrency}"
        return f"{at_a_time} will not do: use --concurrency=1, and start more processes for more at a time"
    if worker.prefetch_multiplier != 1:
        return f"--prefetch-multiplier={worker.prefetch_multiplier} will not do: leave it out"
    return None


def _path(pool: type) -> str:
    return f"{pool.__module__}:{pool.__qualname__}"


def serve(app: Celery, task_name: str, life: Life) -> None:
    """Give `app` its one task and its life. The clients that `take` uses retry on their own, so an
    error of theirs means that the task must be delivered again. Any other arguments are let in, so
    that it is `take` that refuses a call without a message."""

    def run(task: Any, message: object = None, *_: object, **__: object) -> None:
        properties = task.request.properties or {}
        try:
            life.take(message, properties.get("delivery_tag"))
        except (RedisError, OperationalError) as error:
            log.error("task given back", extra={"reason": error})
            time.sleep(REQUEUE_PAUSE_SECONDS)
            raise Reject(str(error), requeue=True) from error

    app.task(run, name=task_name, typing=False, bind=True)

    def start(**_: object) -> None:
        try:
            life.start()
        except Exception:  # Celery would log it and consume all the same
            log.exception("worker not started")
            sys.exit(1)
        gc.freeze()  # looking through all that the libraries have loaded takes 0.15 to 0.25 s, each time

    # worker_init comes before the first connection to the broker
    signals.worker_init.connect(start, weak=False)

    signals.worker_ready.connect(lambda **_: life.consuming(), weak=False)

    def stop(**_: object) -> None:
        life.stop()
        gc.unfreeze()  # else what the libraries own is never freed, and nanobind lists it at exit as leaked

    signals.worker_shutdown.connect(stop, weak=False)
