"""The Celery task: an adapter from the queue to `Analysis`, nothing else."""

from collections.abc import Callable
from typing import Any

from celery import Celery

from contracts.names import ANALYZE_TASK


def register(app: Celery, take: Callable[[Any], None]) -> None:
    """Register `analyzer_worker.analyze_text(message)`. Any other arguments are let in, so that it
    is `take` that refuses a call without a message."""

    @app.task(name=ANALYZE_TASK)
    def analyze_text(message: Any = None, *_: Any, **__: Any) -> None:
        take(message)
