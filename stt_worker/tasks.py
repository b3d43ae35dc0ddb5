"""The Celery task: a name, an argument, and what is done when Redis or the broker fails."""

import logging
import time
from collections.abc import Callable

from celery import Celery
from celery.exceptions import Reject
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from contracts.names import TRANSCRIBE_TASK

log = logging.getLogger(__name__)

REQUEUE_PAUSE_SECONDS = 1.0
"""Between taking a task and giving it back, so that a refusing Redis is not asked in a tight loop."""


def register(app: Celery, handle: Callable[[object], None]) -> None:
    """Give `app` its task; any other arguments are let in, so that it is `handle` that refuses a
    call without a message. The clients that `handle` uses retry on their own, so an error of
    theirs means that the task must be delivered again."""

    @app.task(name=TRANSCRIBE_TASK, typing=False)
    def transcribe_audio(message: object = None, *_: object, **__: object) -> None:
        try:
            handle(message)
        except (RedisError, OperationalError) as error:
            log.error("task given back", extra={"reason": error})
            time.sleep(REQUEUE_PAUSE_SECONDS)
            raise Reject(str(error), requeue=True) from error
