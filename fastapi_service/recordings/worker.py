"""The life of the recordings worker: load the voice detector, tell its state, take messages."""

import logging

from contracts.broker import WORKERS_ANSWER_SECONDS, in_redis
from contracts.connect import connect
from contracts.heartbeat import Pulse
from contracts.lease import WatchedLease
from contracts.names import PREPARE_STAGE
from contracts.routing import queues
from contracts.watch import Rules, Watch
from fastapi_service.recordings import prepare
from fastapi_service.recordings.rules import DecodeRules
from fastapi_service.recordings.settings import Settings
from fastapi_service.recordings.storage import open_storage
from fastapi_service.recordings.storage_errors import StorageError
from fastapi_service.voice import SileroDetector, load_silero

log = logging.getLogger(__name__)

SERVICE = "recordings_worker"
REDIS_TRIES = 60
"""Half a second apart on average: what is decoded outlives a Redis restart of half a minute."""


class Worker:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._storage = open_storage(settings.storage_url)
        client = connect(settings.redis_url, seconds=WORKERS_ANSWER_SECONDS)
        self._pulse = Pulse(client, SERVICE, settings.heartbeat_file, [lambda: self._watch.beat()])
        seen = in_redis(queues(PREPARE_STAGE), settings.broker_url)
        self._watch = Watch(client, self._pulse.worker, Rules(seen, settings.prepare_deadline_seconds))
        self._desk: prepare.Desk | None = None

    def start(self) -> None:
        self._pulse.start()
        model = load_silero()
        client = connect(self._settings.redis_url, tries=REDIS_TRIES, seconds=WORKERS_ANSWER_SECONDS)
        lease = WatchedLease(self._watch, client, PREPARE_STAGE)
        rules = DecodeRules(most_hours=self._settings.max_recording_hours)
        self._desk = prepare.Desk(client, self._storage, lease, lambda: SileroDetector(model), rules)
        try:
            self._storage.check()
        except StorageError as error:  # each task says so as well, and is tried again
            log.error("the storage of recordings does not work", extra={"error": error})
        self._pulse.say(engine="pyav", model="silero", device="cpu")

    def take(self, message: object, delivery_tag: str | None) -> None:
        if self._desk is None:
            raise RuntimeError("the worker took a message before it was ready")
        with self._watch.holding(delivery_tag):
            prepare.handle(self._desk, message)

    def consuming(self) -> None:
        self._pulse.say(state="ready")
        self._watch.consuming()

    def stop(self) -> None:
        self._pulse.stop()
