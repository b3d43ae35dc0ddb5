"""A Celery application like the workers', whose one task takes longer than the visibility timeout:
`python -m celery -A tests.e2e.slow_worker worker ...`. What it did is told in the list `slow`.
"""

import os
import threading

import redis

from contracts.heartbeat import Pulse
from contracts.names import ANALYZE_TASK, ANALYZER_QUEUE
from contracts.tasks import Life, serve, worker_app
from contracts.watch import Rules, Watch

URL = os.environ["REDIS_URL"]
TOLD = "slow"

client = redis.Redis.from_url(URL)
pulse = Pulse(client, "slow_worker", each=[lambda: watch.beat()])
watch = Watch(client, pulse.worker, Rules((ANALYZER_QUEUE,), float(os.environ["SLOW_DEADLINE_SECONDS"])))


def take(message: object, tag: str | None) -> None:
    assert isinstance(message, dict)
    with watch.holding(tag):
        client.rpush(TOLD, f"began {message['name']} {os.getpid()}")
        threading.Event().wait(message["seconds"])
        if client.lpop(f"fails:{message['name']}"):
            raise redis.ConnectionError("as it was told to")
        client.rpush(TOLD, f"ended {message['name']} {os.getpid()}")


app = worker_app("slow_worker", URL, "INFO")
serve(app, ANALYZE_TASK, Life(pulse.start, take, watch.consuming, pulse.stop))
