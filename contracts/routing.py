"""Which queue a stage of an utterance is worked on from. Pure."""

from contracts.names import (
    ANALYZER_JOB_QUEUE,
    ANALYZER_QUEUE,
    ANALYZER_STAGE,
    JOB_PREFIX,
    JOB_QUEUE,
    PREPARE_STAGE,
    STT_JOB_QUEUE,
    STT_QUEUE,
    STT_STAGE,
)

_LIVE = {STT_STAGE: STT_QUEUE, ANALYZER_STAGE: ANALYZER_QUEUE}
_RECORDED = {STT_STAGE: STT_JOB_QUEUE, ANALYZER_STAGE: ANALYZER_JOB_QUEUE, PREPARE_STAGE: JOB_QUEUE}

STAGES = tuple(_RECORDED)


def is_recording(session: str) -> bool:
    """Whether a session is a recording's job."""
    return session.startswith(JOB_PREFIX)


def queue(stage: str, session: str) -> str:
    """Raises KeyError for a stage that there is not."""
    return (_RECORDED if is_recording(session) else _LIVE)[stage]


def queues(stage: str) -> tuple[str, ...]:
    """All queues that hold tasks of a stage."""
    return tuple(table[stage] for table in (_LIVE, _RECORDED) if stage in table)
