"""How the listener is: what fails is said once when it begins and once when it is over, in its log,
and all the while in its heartbeat."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from listener_service.outage import Outage
from listener_service.turns import STALLED_SECONDS, Turns

HANGS = "the listener hangs: does the disk of the result log answer?"


@dataclass(frozen=True)
class Trouble:
    """The constant texts of the two log lines."""

    begun: str
    over: str


AWAY = Trouble("no results: Redis does not answer, trying again", "Redis answers again")
UNREADABLE = Trouble(
    "the result log cannot be read: mend its directory; nothing is lost, results wait in Redis",
    "the result log can be read again",
)
STUCK = Trouble(
    "the result log cannot be written: free space on its disk or mend its directory; "
    "nothing is lost, results wait in Redis",
    "the result log can be written again",
)


class Condition:
    """`say` changes fields of the heartbeat (contracts.heartbeat). A Redis that is away is told as a
    reason but makes the listener no less ready: it is not the listener that must be mended."""

    def __init__(
        self, stop: threading.Event, say: Callable[..., None], stalled_seconds: float = STALLED_SECONDS
    ) -> None:
        self._outages = {trouble: Outage(stop, trouble.begun, trouble.over) for trouble in (AWAY, UNREADABLE, STUCK)}
        self._reasons: dict[Trouble, str] = {}
        self._say = say
        self._turns = Turns(say, HANGS, stalled_seconds)  # reading a big log back at first takes its time
        self._told: tuple[str, str | None] | None = None
        self._state = "loading"

    def failed(self, trouble: Trouble, error: Exception) -> None:
        """It failed (again); waits before the next try, longer each time."""
        self._reasons.setdefault(trouble, f"{trouble.begun} ({error})")
        self._tell()
        self._outages[trouble].failed(error=error)

    def worked(self, trouble: Trouble) -> None:
        self._reasons.pop(trouble, None)
        self._outages[trouble].worked()

    def round(self, remark: str | None = None) -> None:
        """The listener has come round once more without a new failure."""
        self._state = "ready"
        self._tell(remark)

    def watch(self) -> None:
        """Called from the heartbeat's thread: notices that nothing comes round any more."""
        self._turns.watch()

    def _tell(self, remark: str | None = None) -> None:
        failures = [reason for trouble, reason in self._reasons.items() if trouble is not AWAY]
        reason = next(iter(failures or self._reasons.values()), remark)
        told = ("failed" if failures else self._state, reason)
        if self._turns.come() or told != self._told:
            self._told = told
            self._say(state=told[0], reason=told[1])
