"""Composition root of the recordings worker: `python -m celery -A fastapi_service.recordings.app worker ...`
(the Procfile has the whole line). It decodes uploads and finds the speech in them.
"""

import os
import sys
from collections.abc import Mapping

from celery import Celery

from contracts import env
from contracts.names import PREPARE_TASK
from contracts.tasks import Broker, Life, serve, worker_app
from fastapi_service.recordings.settings import Settings
from fastapi_service.recordings.worker import SERVICE, Worker


def create_app(environ: Mapping[str, str]) -> Celery:
    """Raises env.SettingError."""
    settings = env.read(Settings, environ)
    broker = Broker(settings.broker_url, settings.prepare_deadline_seconds)
    app = worker_app(SERVICE, settings.redis_url, settings.log_level, broker)
    worker = Worker(settings)
    serve(app, PREPARE_TASK, Life(worker.start, worker.take, worker.consuming, worker.stop))
    return app


try:
    app = create_app(os.environ)
except env.SettingError as error:
    sys.exit(f"{SERVICE}: {error}")
