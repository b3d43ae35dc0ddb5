"""What a worker has in hand: kept its own while it works, given up when it takes too long.

`beat` runs in the heartbeat's thread, every two seconds, since a solo worker does nothing else
while it works. It renews both leases, Celery's (the message's time in `unacked_index`, so that a
visibility timeout of 10 s is safe for a task of any length) and the ledger's. A task that is older
than its deadline is not renewed any more and the process ends itself, as it does when it takes
nothing from a queue that has had entries for a minute: Celery's `time_limit` does nothing in a
solo pool, and a worker that is alive but deaf is noticed by nobody else.
"""

import faulthandler
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from contracts import keys, ledger, overdraft
from contracts.commit import ScriptRunner

log = logging.getLogger(__name__)

EXIT_STATUS = 70
"""Exit status of a worker that ended itself (EX_SOFTWARE of sysexits.h)."""


class LeaseKeeper(ScriptRunner, Protocol):
    """The part of a redis client that a watch needs."""

    def llen(self, name: str) -> Any: ...


@dataclass(frozen=True)
class Rules:
    """`queues` as far as they are in Redis: of others nothing is renewed, and nobody seems deaf to them.
    `deadline_seconds` for one task, without the time in which Redis did not answer: a commit waits for
    it, too, and does not hang. `deaf_beats`: so many beats in a row, two seconds apart, on which `queues`
    had entries and the worker had nothing in hand. (Beats, not seconds: neither a process that was
    suspended nor one whose Redis was away is deaf.)"""

    queues: Sequence[str]
    deadline_seconds: float
    deaf_beats: int = 30


@dataclass
class _Task:
    tag: str | None
    since: float
    claim: tuple[str, int] | None = None


def end() -> None:
    """Leave at once, with the stack of every thread in the log."""
    faulthandler.dump_traceback(all_threads=True)
    logging.shutdown()
    os._exit(EXIT_STATUS)


class Watch:
    """`worker` is the name that the ledger knows as holder; `clock` counts seconds."""

    def __init__(
        self,
        redis: LeaseKeeper,
        worker: str,
        rules: Rules,
        end: Callable[[], None] = end,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.worker = worker
        self._redis = redis
        self._rules = rules
        self._end = end
        self._clock = clock
        self._task: _Task | None = None
        self._consuming = False
        self._deaf = 0
        self._reached = True
        self._beaten = clock()

    def consuming(self) -> None:
        """The worker takes messages from now on."""
        self._consuming = True

    @contextmanager
    def holding(self, delivery_tag: str | None) -> Iterator[None]:
        """While inside, the message is this worker's."""
        self._task = _Task(delivery_tag, self._clock())
        self._deaf = 0
        try:
            yield
        finally:
            self._task = None

    def begin(self, redis: ScriptRunner, session: str, utterance: int, stage: str) -> str:
        """Whether the task in hand may go on with this utterance: an outcome of `contracts.ledger.begin`.
        After GO it is kept this worker's. Raises what the client raises."""
        outcome, starts = redis.eval(*ledger.begin(session, utterance, stage, self.worker, secrets.token_hex(8)).call)
        name = str(outcome.decode() if isinstance(outcome, bytes) else outcome)
        if name == ledger.GO and self._task:
            self._task.claim = session, utterance
        if name not in (ledger.GO, ledger.UNLEDGERED) or starts > 1:
            about = {"session": session, "utterance": utterance, "stage": stage, "outcome": name, "starts": starts}
            log.info("task delivered again", extra=about)
        return name

    def beat(self) -> None:
        """Renew, or give up. Never raises."""
        task = self._task
        try:
            if task:
                self._keep(task)
            elif self._consuming:
                self._listen()
        except Exception as error:  # any client's error: the lease runs out by itself if it lasts
            if self._reached:
                log.warning("lease not renewed", extra={"worker": self.worker, "error": error})
            self._reached = False
            self._deaf = 0
            if task:
                task.since += self._clock() - max(task.since, self._beaten)
        else:
            self._reached = True
        finally:
            self._beaten = self._clock()

    def _keep(self, task: _Task) -> None:
        seconds = self._clock() - task.since
        if seconds > self._rules.deadline_seconds:
            session, utterance = task.claim or (None, None)
            about = {"session": session, "utterance": utterance, "seconds": round(seconds)}
            log.critical("task past its deadline: the worker ends itself", extra=about)
            self._end()
            return
        if task.claim:
            self._redis.eval(*ledger.renew(*task.claim, self.worker).call)
        if task.tag and self._rules.queues:
            now = "ZADD", keys.UNACKED_INDEX, "XX", time.time(), task.tag
            self._redis.eval(*overdraft.step(now).call)

    def _listen(self) -> None:
        """Whether something waits that this worker, which has nothing in hand, does not take."""
        waits = any(self._redis.llen(queue) for queue in self._rules.queues)
        self._deaf = self._deaf + 1 if waits else 0
        if self._deaf >= self._rules.deaf_beats and self._task is None:
            log.critical("the worker takes nothing from a queue that has entries, and ends itself")
            self._end()
