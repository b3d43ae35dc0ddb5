"""Composition root: `python -m celery -A analyzer_worker.app worker --queues=analyzer_queue --pool=solo`.

Importing this loads no model and opens no connection; the worker does, before it consumes.
"""

import os
import sys
from collections.abc import Mapping

from celery import Celery

from analyzer_worker.settings import Settings
from analyzer_worker.worker import Worker
from contracts import env
from contracts.names import ANALYZE_TASK
from contracts.tasks import Broker, Life, serve, worker_app


def create_app(environ: Mapping[str, str]) -> Celery:
    """Raises env.SettingError."""
    settings = env.read(Settings, environ)
    broker = Broker(settings.broker_url, settings.task_deadline_seconds)
    app = worker_app("analyzer_worker", settings.redis_url, settings.log_level, broker)
    worker = Worker(settings)
    serve(app, ANALYZE_TASK, Life(worker.start, worker.take, worker.consuming, worker.stop))
    return app


try:
    app = create_app(os.environ)
except env.SettingError as error:
    sys.exit(f"analyzer_worker: {error}")
