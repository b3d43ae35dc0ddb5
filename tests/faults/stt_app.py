"""The speech worker with traps: `python -m celery -A tests.faults.stt_app worker ...`.

It is the real one, on a transport with a hole in a known place, with an engine that obeys poison;
FAULTS_MODELS=scripted gives it words that cost nothing.
"""

import os
from dataclasses import replace
from typing import Any

from celery import Celery

from contracts import env, ledger
from contracts.lease import Lease
from contracts.messages import AnalyzeTask
from contracts.names import TRANSCRIBE_TASK
from contracts.tasks import Broker, Life, serve, worker_app
from stt_worker import worker
from stt_worker.engines.protocol import Engine
from stt_worker.loading import Source
from stt_worker.settings import Settings
from tests.faults.holed import TRANSPORT
from tests.faults.scripted import SCRIPTED, SETTING, PoisonableEngine, ScriptedEngine
from tests.faults.traps import CLAIMED, FINISHED, UNDERSTOOD, Traps


class TrappedLease:
    """Implements `Lease`."""

    def __init__(self, lease: Lease, traps: Traps) -> None:
        self._lease = lease
        self._traps = traps

    def begin(self, session: str, utterance: int) -> str:
        outcome = self._lease.begin(session, utterance)
        if outcome == ledger.GO:
            self._traps.spring(CLAIMED, f"{session}:{utterance}")
        return outcome

    def put_off(self, session: str, utterance: int, seconds: float) -> str:
        return self._lease.put_off(session, utterance, seconds)


class TrappedWorker(worker.Worker):
    def __init__(self, settings: Settings, app: Celery, traps: Traps) -> None:
        super().__init__(settings, app)
        self._traps = traps

    def start(self) -> None:
        super().start()
        if self._desk:
            self._desk = replace(self._desk, lease=TrappedLease(self._desk.lease, self._traps))

    def take(self, message: Any, delivery_tag: str | None) -> None:
        super().take(message, delivery_tag)
        if isinstance(message, dict) and message.get("kind") == "final":
            self._traps.spring(FINISHED, f"{message.get('session')}:{message.get('utterance')}")

    def _hand_on(self, task: AnalyzeTask) -> None:
        self._traps.spring(UNDERSTOOD, f"{task.transcript.session}:{task.transcript.utterance}")
        super()._hand_on(task)


_load = worker.load


def load(settings: Settings) -> tuple[Source, Engine]:
    """The speech worker's `load`, but for what the engine is."""
    if os.environ.get(SETTING) == SCRIPTED:
        return Source(SCRIPTED, "", demo=True), PoisonableEngine(ScriptedEngine())
    source, engine = _load(settings)
    return source, PoisonableEngine(engine)


worker.load = load


def create_app() -> Celery:
    settings = env.read(Settings, os.environ)
    broker = Broker(settings.broker_url, settings.task_deadline_seconds)
    made = worker_app("stt_worker", settings.redis_url, settings.log_level, broker)
    if not settings.broker_url:
        made.conf.broker_transport = TRANSPORT
    trapped = TrappedWorker(settings, made, Traps.of(os.environ))
    serve(made, TRANSCRIBE_TASK, Life(trapped.start, trapped.take, trapped.consuming, trapped.stop))
    return made


app = create_app()
