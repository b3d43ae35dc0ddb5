"""Looks after what is overdue: lets go on what is under way, sends again what was lost, gives up what
never ends. Every entry of the ledger so comes to a result or an error, whatever died meanwhile.

It may do no harm by being wrong: workers leave what is done or in another's hands, and an end is
committed once.
"""

import enum
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

import redis
from kombu.exceptions import OperationalError

from contracts import codec
from contracts.commit import bury, commit
from contracts.ledger import MOST_STARTS
from contracts.messages import Error, TranscribeTask
from contracts.names import GAVE_UP, PREPARE_STAGE
from listener_service import again
from listener_service.outage import Outage
from listener_service.overdue import Entry, Overdue
from listener_service.underway import Sight, UnderWay

log = logging.getLogger(__name__)

PERIOD_SECONDS = 0.5
MOST_SENT = 25
"""Of one sweep: 50 a second, so that a Redis that has forgotten its queues is not met with all at once."""

AWAY = (redis.ConnectionError, redis.TimeoutError, redis.exceptions.OutOfMemoryError, redis.exceptions.ReadOnlyError)
UNREACHABLE = (redis.RedisError, OperationalError, OSError)
"""What redis-py and kombu raise when Redis is away, full or still loading."""

EXPIRED = "the audio of this utterance expired before it was understood: nothing took it up for too long"
TRIED = f"this utterance was tried {MOST_STARTS} times and never finished; it is kept as a dead letter"
UNREADABLE = "another version of this program accepted this utterance; it cannot be read and is kept as a dead letter"


class Verdict(enum.Enum):
    EXPIRED = enum.auto()
    WORN = enum.auto()
    UNDER_WAY = enum.auto()
    LOST = enum.auto()


def judge(entry: Entry, under_way: UnderWay) -> Verdict:
    """Pure: what has become of an utterance that nobody has moved on in time."""
    if entry.gone:
        return Verdict.EXPIRED
    if entry.stage not in again.TASKS:
        return Verdict.LOST
    task = again.task_id(entry)
    if entry.starts >= MOST_STARTS:
        return Verdict.UNDER_WAY if under_way.worked_on(task) else Verdict.WORN
    return Verdict.UNDER_WAY if under_way.has(entry.stage, task) else Verdict.LOST


class Sends(Protocol):
    def send(self, entry: Entry, argument: again.Argument) -> None: ...


class Sweep:
    """Calling it is one sweep, which raises one of UNREACHABLE; `run` goes on until stopped."""

    def __init__(
        self, client: "redis.Redis", overdue: Overdue, sender: Sends, sight: Sight, stop: threading.Event
    ) -> None:
        self._redis = client
        self._overdue = overdue
        self._sender = sender
        self._sight = sight
        self._stop = stop
        self._acting: bool | None = None

    def run(self, turned: Callable[[], object] = lambda: None) -> None:
        """Until stopped; `turned` is called after every sweep, whatever came of it."""
        away = Outage(
            self._stop, "nothing overdue can be looked after, trying again", "what is overdue is looked after again"
        )
        while not self._stop.is_set():
            try:
                self()
                turned()
                away.worked()
                self._stop.wait(PERIOD_SECONDS)
            except UNREACHABLE as error:
                turned()
                away.failed(error=error)
        try:
            self._overdue.release()
        except redis.RedisError as error:
            log.warning("lock not released, it runs out by itself", extra={"error": error})

    def __call__(self) -> None:
        claimed = self._overdue.claim()
        self._tell(claimed is not None)
        entries = self._overdue.look(claimed) if claimed else []
        if not entries:
            return
        under_way = self._sight.read()
        lost = []
        for entry in entries:
            verdict = judge(entry, under_way)
            if verdict is Verdict.LOST:
                lost.append(entry)
            elif verdict is not Verdict.UNDER_WAY:
                self._end(entry, EXPIRED if verdict is Verdict.EXPIRED else TRIED)
        for entry in lost[:MOST_SENT]:  # the others have their next turn in a few seconds
            self._send(entry)

    def _tell(self, acting: bool) -> None:
        if acting != self._acting:
            log.info("this sweeper acts" if acting else "another sweeper acts, this one stands by")
        self._acting = acting

    def _send(self, entry: Entry) -> None:
        try:
            argument = again.message(entry, time.time())
        except codec.DecodeError:  # its text may be speech
            self._end(entry, UNREADABLE)
            return
        sends = self._overdue.sending(entry, self._sight.longest_back_off_ms)
        if not sends:
            return
        self._sender.send(entry, argument)
        log.warning("utterance sent again", extra=_about(entry) | {"sends": sends})

    def _end(self, entry: Entry, reason: str) -> None:
        """Its end is an error; what is left of it is kept."""
        request = _request(entry)
        error = Error(
            session=entry.claimed.session,
            code=GAVE_UP,
            message=reason,
            stage=entry.stage,
            utterance=entry.claimed.utterance,
            start=request.start if request else None,
            end=request.end if request else None,
            trace=request.trace if request else "",
            at=time.time(),
        )
        try:
            seq = commit(self._redis, error) if entry.gone else bury(self._redis, error)
        except redis.ResponseError as refusal:
            if isinstance(refusal, AWAY):
                raise
            log.error("an utterance cannot be ended", extra=_about(entry) | {"error": refusal})
            return
        log.error("utterance given up", extra=_about(entry) | {"reason": reason, "seq": seq})


def _request(entry: Entry) -> TranscribeTask | None:
    """None also of a preparation, which has no place in the speech."""
    if entry.stage == PREPARE_STAGE:
        return None
    try:
        return codec.loads(entry.request, TranscribeTask)
    except codec.DecodeError:
        return None


def _about(entry: Entry) -> dict[str, object]:
    request = _request(entry)
    return {
        "session": entry.claimed.session,
        "utterance": entry.claimed.utterance,
        "trace": request.trace if request else "",
        "stage": entry.stage,
        "sends": entry.sends,
        "starts": entry.starts,
    }
