"""Composition root: `python -m celery -A stt_worker.app worker ...` (the Procfile has the whole line).

Importing this loads no model and opens no connection; the worker does, before it consumes.
"""

import os
import sys
from collections.abc import Mapping

from celery import Celery

from contracts import env
from contracts.names import TRANSCRIBE_TASK
from contracts.tasks import Broker, Life, serve, worker_app
from stt_worker.settings import Settings
from stt_worker.worker import Worker


def create_app(environ: Mapping[str, str]) -> Celery:
    """Raises env.SettingError."""
    settings = env.read(Settings, environ)
    broker = Broker(settings.broker_url, settings.task_deadline_seconds)
    app = worker_app("stt_worker", settings.redis_url, settings.log_level, broker)
    worker = Worker(settings, app)
    serve(app, TRANSCRIBE_TASK, Life(worker.start, worker.take, worker.consuming, worker.stop))
    return app


try:
    app = create_app(os.environ)
except env.SettingError as error:
    sys.exit(f"stt_worker: {error}")
