"""The analyzer with traps: `python -m celery -A tests.faults.analyzer_app worker ...`; see `stt_app`."""

import os
import signal
from typing import Any

from celery import Celery

from analyzer_worker import worker
from analyzer_worker.models import SentimentModel
from analyzer_worker.models.choice import Choice
from analyzer_worker.settings import Settings
from contracts import env
from contracts.names import ANALYZE_TASK
from contracts.tasks import Broker, Life, serve, worker_app
from tests.faults import poison
from tests.faults.holed import TRANSPORT
from tests.faults.scripted import SCRIPTED, SETTING, ScriptedSentiment
from tests.faults.traps import CLAIMED, FINISHED, Traps


class PoisonableModel:
    """Any sentiment model, which the words of `poison` crash; asking it is the stage after the claim."""

    def __init__(self, model: SentimentModel, traps: Traps) -> None:
        self._model = model
        self._traps = traps
        self.name, self.classes, self.window = model.name, model.classes, model.window

    def length(self, text: str) -> int:
        return self._model.length(text)

    def probabilities(self, texts: Any) -> list[list[float]]:
        self._traps.spring(CLAIMED, "")
        if poison.ANALYZER_TEXT in texts:
            os.kill(os.getpid(), signal.SIGSEGV)
        return self._model.probabilities(texts)


class TrappedWorker(worker.Worker):
    def __init__(self, settings: Settings, traps: Traps) -> None:
        super().__init__(settings)
        self._traps = traps

    def take(self, message: Any, delivery_tag: str | None) -> None:
        super().take(message, delivery_tag)
        self._traps.spring(FINISHED, "")

    def _choose(self) -> Choice:
        scripted = os.environ.get(SETTING) == SCRIPTED
        return Choice(SCRIPTED, None, demo=True) if scripted else super()._choose()

    def _load(self, choice: Choice) -> SentimentModel:
        model = ScriptedSentiment() if choice.name == SCRIPTED else super()._load(choice)
        return PoisonableModel(model, self._traps)


def create_app() -> Celery:
    settings = env.read(Settings, os.environ)
    broker = Broker(settings.broker_url, settings.task_deadline_seconds)
    made = worker_app("analyzer_worker", settings.redis_url, settings.log_level, broker)
    if not settings.broker_url:
        made.conf.broker_transport = TRANSPORT
    trapped = TrappedWorker(settings, Traps.of(os.environ))
    serve(made, ANALYZE_TASK, Life(trapped.start, trapped.take, trapped.consuming, trapped.stop))
    return made


app = create_app()
