"""Flower on our broker: `python -m docker.monitoring.flower_page` until SIGTERM or SIGINT.

Celery's own view of its workers and tasks, for looking only: it can stop nobody and send nothing. Whether
something is wrong is told by the exporter's numbers; a busy solo worker does not answer Flower.
"""

import os
import signal
import sys
from dataclasses import dataclass

from celery import Celery
from flower.app import Flower
from flower.options import options
from flower.urls import settings as pages

from contracts import env, logs
from contracts.broker import celery_settings
from contracts.connect import refuse_cluster
from contracts.env import setting

SERVICE = "flower"
MOST_TASKS, MOST_WORKERS = 10_000, 500
FORGET_WORKER_SECONDS = 600


@dataclass(frozen=True)
class Settings:
    redis_url: str = setting(
        "REDIS_URL", "redis://localhost:6379/0", "The one Redis of the system.", schemes=("redis", "rediss", "sentinel")
    )
    broker_url: str = setting(
        "BROKER_URL", "", "Where the queues are: with sqs:// there is nothing for Flower to show.", schemes=("sqs",)
    )
    log_level: str = setting(
        "LOG_LEVEL", "INFO", "How much to log.", choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    )
    host: str = setting("FLOWER_HOST", "127.0.0.1", "Address at which Flower's pages are served.")
    port: int = setting("FLOWER_PORT", 5555, "Port of the same.", minimum=1, maximum=65535)
    password: str = setting("FLOWER_PASSWORD", "", "Password of Flower's user admin; without one it does not start.")


def celery_app(redis_url: str) -> Celery:
    """With kombu's own transport, which the address names: by it Flower knows how to ask for the lengths of
    the queues. It takes nothing from them, so what ours is for cannot happen. Raises BadAddress."""
    app = Celery(SERVICE, set_as_current=False)
    app.conf.update({name: value for name, value in celery_settings(redis_url).items() if name != "broker_transport"})
    return app


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = env.read(Settings, os.environ)
        if not settings.password.isascii() or not settings.password:
            raise env.SettingError("set FLOWER_PASSWORD (ASCII characters) in .env: its user is admin")
        if settings.broker_url:
            raise env.SettingError("queues in SQS carry no events, and Flower shows nothing else: leave it out")
        refuse_cluster(settings.redis_url)
    except env.SettingError as error:
        sys.exit(f"{SERVICE}: {error}")
    logs.setup(SERVICE, settings.log_level)
    options.address, options.port = settings.host, settings.port
    options.basic_auth = [f"admin:{settings.password}"]
    options.read_only = True
    options.max_tasks, options.max_workers = MOST_TASKS, MOST_WORKERS
    options.purge_offline_workers = FORGET_WORKER_SECONDS
    flower = Flower(capp=celery_app(settings.redis_url), options=options, **pages)
    try:
        flower.start_http_server()
        flower.start()
    except OSError as error:
        sys.exit(f"{SERVICE}: {settings.host}:{settings.port} cannot be had: {error}")
    except (KeyboardInterrupt, SystemExit):
        flower.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
