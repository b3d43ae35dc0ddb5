"""The life of the worker process: load and warm the model, tell its state, take messages, or end
and say why."""

import functools
import logging
import sys
import time
from typing import NoReturn

import numpy as np
from celery import Celery

from contracts import codec, keys
from contracts.audio import SAMPLE_RATE
from contracts.broker import HIDDEN, WORKERS_ANSWER_SECONDS, in_redis
from contracts.connect import connect
from contracts.heartbeat import Pulse
from contracts.lease import WatchedLease
from contracts.messages import AnalyzeTask
from contracts.names import ANALYZE_TASK, ANALYZER_STAGE, STT_PARTIAL_QUEUE, STT_STAGE
from contracts.routing import queue, queues
from contracts.watch import Rules, Watch
from stt_worker import answers, choose, models, transcription
from stt_worker.engines import driver
from stt_worker.engines.protocol import Engine, Options
from stt_worker.loading import Machine, ModelError, Source
from stt_worker.settings import Settings

log = logging.getLogger(__name__)

REDIS_TRIES = 60
"""Half a second apart on average: a finished transcript outlives a Redis restart of half a minute."""

WARM_UP = ((3, "auto"), (12, "full"))
"""Seconds of silence and context."""


class Worker:
    def __init__(self, settings: Settings, app: Celery) -> None:
        self._settings = settings
        self._app = app
        client = connect(settings.redis_url, seconds=WORKERS_ANSWER_SECONDS)
        self._pulse = Pulse(client, "stt_worker", settings.heartbeat_file, [lambda: self._watch.beat()])
        seen = in_redis((*queues(STT_STAGE), STT_PARTIAL_QUEUE), settings.broker_url)
        rules = Rules(seen, settings.task_deadline_seconds)
        self._watch = Watch(client, self._pulse.worker, rules)
        self._desk: transcription.Desk | None = None

    def start(self) -> None:
        """Load the model; on failure leave the reason in the heartbeat and the log, and exit."""
        self._pulse.start()
        begin = time.monotonic()
        try:
            source, engine = load(self._settings)
            warm(engine)
        except (ModelError, choose.EngineMissing) as error:
            self._fail(str(error))
        except Exception as error:  # a model library's own, which may be anything
            log.exception("speech model not loaded")
            self._fail(f"the speech model cannot be loaded: {type(error).__name__}: {error}")
        shown = {"engine": engine.name, "model": engine.model, "demo_models": source.demo, "device": engine.device}
        label = answers.Label(engine.name, engine.model)
        context = "auto" if source.demo else self._settings.context  # it was trained and measured on real lengths
        model = transcription.Model(label, context, functools.partial(driver.transcribe, engine))
        client = connect(self._settings.redis_url, tries=REDIS_TRIES, seconds=WORKERS_ANSWER_SECONDS)
        self._desk = transcription.Desk(
            client, model, self._hand_on, time.time, WatchedLease(self._watch, client, STT_STAGE)
        )
        log.info("speech model ready", extra=shown | {"seconds": round(time.monotonic() - begin, 1)})
        self._pulse.say(**shown)

    def take(self, message: object, delivery_tag: str | None) -> None:
        if self._desk is None:
            raise RuntimeError("the worker took a message before its model was loaded")
        with self._watch.holding(delivery_tag):
            transcription.handle(self._desk, message)

    def consuming(self) -> None:
        """From here on it is ready: one that is loaded and cannot reach its queue is not."""
        self._pulse.say(state="ready")
        self._watch.consuming()

    def stop(self) -> None:
        self._pulse.stop()

    def _hand_on(self, task: AnalyzeTask) -> None:
        transcript = task.transcript
        self._app.send_task(
            ANALYZE_TASK,
            kwargs={"message": codec.encode(task)},
            queue=queue(ANALYZER_STAGE, transcript.session),
            task_id=keys.task_id(ANALYZER_STAGE, transcript.session, transcript.utterance),
            **HIDDEN,
        )

    def _fail(self, reason: str) -> NoReturn:
        log.critical("no speech model", extra={"reason": reason})
        self._pulse.say(state="failed", reason=reason)
        sys.exit(1)


def load(settings: Settings) -> tuple[Source, Engine]:
    """The engine and model that the settings name. Raises ModelError, EngineMissing."""
    loader = choose.loader(choose.choose(settings.engine, choose.installed()))
    source = models.resolve(settings.model, settings.demo_models, settings.model_dir, loader)
    log.info("loading speech model", extra={"engine": loader.name, "model": source.label, "location": source.location})
    machine = Machine(settings.device, settings.threads, settings.precision, settings.model_dir)
    return source, loader.load(source, machine)


def warm(engine: Engine) -> None:
    """Let libraries allocate and choose their kernels before somebody waits for it."""
    for seconds, context in WARM_UP:
        silence = np.zeros(seconds * SAMPLE_RATE, dtype=np.float32)
        driver.transcribe(engine, silence, Options(quick=True, context=context))
