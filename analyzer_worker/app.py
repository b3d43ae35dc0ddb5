"""Composition root: `python -m celery -A analyzer_worker.app worker --queues=analyzer_queue --pool=solo`.

Importing this loads no model and opens no connection; the worker does, before it consumes.
"""

import gc
import os
import sys
from collections.abc import Mapping

from celery import Celery, signals

from analyzer_worker import tasks
from analyzer_worker.settings import Settings
from analyzer_worker.worker import Worker
from contracts import env, logs
from contracts.broker import celery_settings


def create_app(environ: Mapping[str, str]) -> Celery:
    """Raises env.SettingError."""
    settings = env.read(Settings, environ)
    worker = Worker(settings)
    app = Celery("analyzer_worker")
    app.conf.update(celery_settings(settings.redis_url))
    tasks.register(app, worker.take)

    def start(**_: object) -> None:
        logs.setup("analyzer_worker", settings.log_level)
        worker.start()
        gc.freeze()  # looking through all that the libraries have loaded takes 0.25 s, each time

    # worker_init comes before the first connection to the broker; Celery's own log set-up is
    # switched off by being listened to
    signals.setup_logging.connect(_keep_logs, weak=False)
    signals.worker_init.connect(start, weak=False)
    signals.worker_shutdown.connect(lambda **_: worker.stop(), weak=False)
    return app


def _keep_logs(**_: object) -> None:
    """`logs.setup` has done it."""


try:
    app = create_app(os.environ)
except env.SettingError as error:
    sys.exit(f"analyzer_worker: {error}")
