"""A worker's claim on the utterances of one stage: taken, or let go of for another attempt."""

from typing import Protocol

from contracts import ledger
from contracts.commit import ScriptRunner
from contracts.watch import Watch


class Lease(Protocol):
    """What the flow of a task asks; both answer with an outcome of `contracts.ledger`, and raise what the
    Redis client raises."""

    def begin(self, session: str, utterance: int) -> str:
        """Whether the utterance may be worked on: see `ledger.begin`."""
        ...

    def put_off(self, session: str, utterance: int, seconds: float) -> str:
        """This attempt has failed, another is to be made after `seconds`: see `ledger.put_off`."""
        ...


class WatchedLease:
    """The lease of the worker process that `watch` watches."""

    def __init__(self, watch: Watch, redis: ScriptRunner, stage: str) -> None:
        self._watch = watch
        self._redis = redis
        self._stage = stage

    def begin(self, session: str, utterance: int) -> str:
        return self._watch.begin(self._redis, session, utterance, self._stage)

    def put_off(self, session: str, utterance: int, seconds: float) -> str:
        step = ledger.put_off(session, utterance, self._watch.worker, round(seconds * 1000))
        outcome = self._redis.eval(*step.call)
        return str(outcome.decode() if isinstance(outcome, bytes) else outcome)
