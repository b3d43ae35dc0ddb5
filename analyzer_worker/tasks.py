"""The Celery task: an adapter from the queue to `Analysis`, nothing else."""

from collections.abc import Callable
from typing import Any

from celery import Celery

from contracts.names import ANALYZE_TASK


def register(app: Celery, take: Callable[[Any], None]) -> None:
    """Register `analyzer_worker.analyze_text(message)`; a call without a message is refused by `take`."""

    @app.task(name=ANALYZE_TASK)
    def analyze_text(message: Any = None) -> None:
        take(message)
