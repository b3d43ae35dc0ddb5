"""Sends an utterance to the workers again, exactly as the gateway or the speech worker sent it first."""

import dataclasses

from celery import Celery

from contracts import codec, keys
from contracts.broker import HIDDEN
from contracts.job_messages import PrepareTask
from contracts.messages import AnalyzeTask, TranscribeTask, Transcript
from contracts.names import ANALYZE_TASK, ANALYZER_STAGE, PREPARE_STAGE, PREPARE_TASK, STT_STAGE, TRANSCRIBE_TASK
from contracts.routing import queue
from listener_service.overdue import Entry

TASKS = {STT_STAGE: TRANSCRIBE_TASK, ANALYZER_STAGE: ANALYZE_TASK, PREPARE_STAGE: PREPARE_TASK}

Argument = TranscribeTask | AnalyzeTask | PrepareTask


def message(entry: Entry, now: float) -> Argument:
    """The task's argument, from what the ledger holds. Raises DecodeError."""
    if entry.stage == PREPARE_STAGE:
        return dataclasses.replace(codec.loads(entry.request, PrepareTask), sent_at=now)
    request = codec.loads(entry.request, TranscribeTask)
    if entry.stage == STT_STAGE:
        return dataclasses.replace(request, sent_at=now)
    if entry.stage == ANALYZER_STAGE:
        transcript = codec.loads(entry.transcript, Transcript)
        return AnalyzeTask(transcript, request.retry_seconds, request.spoken_at, sent_at=now)
    raise codec.DecodeError(f"unknown stage {entry.stage!r}")


def task_id(entry: Entry) -> str:
    return keys.task_id(entry.stage, entry.claimed.session, entry.claimed.utterance)


class Sender:
    def __init__(self, celery: Celery) -> None:
        self._celery = celery

    def send(self, entry: Entry, argument: Argument) -> None:
        """Raises what kombu and redis-py raise when Redis is away or full."""
        self._celery.send_task(
            TASKS[entry.stage],
            kwargs={"message": codec.encode(argument)},
            queue=queue(entry.stage, entry.claimed.session),
            task_id=task_id(entry),
            retry=False,
            **HIDDEN,
        )
