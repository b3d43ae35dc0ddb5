"""Composition root: `python -m celery -A stt_worker.app worker ...` (the Procfile has the whole line).

Importing this loads no model and opens no connection; the worker does, before it consumes.
"""

import gc
import os
import sys
from collections.abc import Mapping

from celery import Celery, signals

from contracts import env, logs
from contracts.broker import celery_settings
from stt_worker import tasks
from stt_worker.settings import Settings
from stt_worker.worker import Worker


def create_app(environ: Mapping[str, str]) -> Celery:
    """Raises env.SettingError."""
    settings = env.read(Settings, environ)
    app = Celery("stt_worker")
    app.conf.update(celery_settings(settings.redis_url))
    worker = Worker(settings, app)
    tasks.register(app, worker.take)

    def start(**_: object) -> None:
        logs.setup("stt_worker", settings.log_level)
        worker.start()
        gc.freeze()  # looking through all that the libraries have loaded takes 0.15 s, each time

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
    sys.exit(f"stt_worker: {error}")
