"""The life of the worker process: load the model, tell its state, take messages, or end and say why."""

import logging
import sys
from typing import Any, NoReturn

from analyzer_worker import labels
from analyzer_worker.analysis import Analysis
from analyzer_worker.models import ModelError, SentimentModel, classifier
from analyzer_worker.models.choice import DEMO_LANGUAGES, Choice, choose
from analyzer_worker.models.hub import Hub
from analyzer_worker.sentiment import Judge
from analyzer_worker.settings import Settings, languages
from contracts.broker import WORKERS_ANSWER_SECONDS, in_redis
from contracts.connect import connect
from contracts.heartbeat import Pulse
from contracts.lease import WatchedLease
from contracts.names import ANALYZER_STAGE
from contracts.routing import queues
from contracts.watch import Rules, Watch

log = logging.getLogger(__name__)

COMMIT_TRIES = 60
"""With at most a second between them: a finished analysis outlives a Redis restart of half a minute."""


class Worker:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._languages = languages(settings.sentiment_languages)
        client = connect(settings.redis_url, seconds=WORKERS_ANSWER_SECONDS)
        self._pulse = Pulse(client, "analyzer_worker", settings.heartbeat_file, [lambda: self._watch.beat()])
        rules = Rules(in_redis(queues(ANALYZER_STAGE), settings.broker_url), settings.task_deadline_seconds)
        self._watch = Watch(client, self._pulse.worker, rules)
        self._analysis: Analysis | None = None

    def start(self) -> None:
        """Load the model; on failure leave the reason in the heartbeat and the log, and exit."""
        self._pulse.start()
        try:
            choice = self._choose()
            model = self._load(choice)
            judge = Judge(model, _meaning(model), DEMO_LANGUAGES if choice.demo else self._languages)
        except ModelError as error:
            self._fail(str(error))
        except Exception as error:  # a library's own, which may be anything
            log.exception("sentiment model not loaded")
            self._fail(f"the sentiment model cannot be loaded: {type(error).__name__}: {error}")
        client = connect(self._settings.redis_url, tries=COMMIT_TRIES, seconds=WORKERS_ANSWER_SECONDS)
        self._analysis = Analysis(judge, client, WatchedLease(self._watch, client, ANALYZER_STAGE))
        log.info("sentiment model ready", extra={"model": model.name, "window": model.window, "demo": choice.demo})
        self._pulse.say(model=model.name, engine="transformers", demo_models=choice.demo, device="cpu")

    def take(self, message: Any, delivery_tag: str | None) -> None:
        if self._analysis is None:
            raise RuntimeError("the worker took a message before its model was loaded")
        with self._watch.holding(delivery_tag):
            self._analysis.take(message)

    def consuming(self) -> None:
        """From here on it is ready: one that is loaded and cannot reach its queue is not."""
        self._pulse.say(state="ready")
        self._watch.consuming()

    def stop(self) -> None:
        self._pulse.stop()

    def _fail(self, reason: str) -> NoReturn:
        log.critical("no sentiment model", extra={"reason": reason})
        self._pulse.say(state="failed", reason=reason)
        sys.exit(1)

    def _choose(self) -> Choice:
        hub = Hub(self._settings.model_dir)
        choice = choose(self._settings.sentiment_model, self._settings.demo_models, hub.cached, hub.unreachable)
        if choice.demo:
            log.warning("the small shipped model stands in", extra={"reason": choice.note, "model": choice.name})
        return choice

    def _load(self, choice: Choice) -> SentimentModel:
        path = choice.path
        if path is None:
            log.info("fetching the model", extra={"model": choice.name})
            path = Hub(self._settings.model_dir).fetch(choice.name)
        return classifier.load(path, choice.name)


def _meaning(model: SentimentModel) -> tuple[str, ...]:
    try:
        return labels.meanings(dict(enumerate(model.classes)))
    except labels.Unclear as error:
        raise ModelError(f"SENTIMENT_MODEL={model.name}: {error}") from None
