"""Every way in which the gateway says no, in one table: `error` code, close code, what it means.

The docs quote this table; a code is spelled nowhere else. Codes of the workers are the workers'.
"""

from dataclasses import dataclass

DONE = 1000


@dataclass(frozen=True)
class Code:
    """`close` is the close code that follows the error. `ends` says when it follows: always, never,
    or only before `ready` (a session that runs goes on). `retryable`: the same may work later."""

    name: str
    close: int | None
    ends: str
    retryable: bool
    meaning: str


NOT_PCM = Code(
    "not_pcm", 1003, "always", False, "The bytes are not samples of the announced format, or not finite numbers."
)
FRAME_TOO_BIG = Code("frame_too_big", 1009, "always", False, "One message was larger than limits.max_frame_bytes.")
INTERNAL = Code("internal", 1011, "always", True, "The gateway failed in a way nobody foresaw; its log says how.")
FULL = Code(
    "full", 1013, "always", True, "No place, or words come too late already; retry_after says when to come again."
)
BAD_MESSAGE = Code(
    "bad_message", 4000, "before ready", False, "A text message is not JSON, of no known type, or has a wrong field."
)
BAD_START = Code("bad_start", 4000, "always", False, "The start message asks for something that does not exist.")
UNSUPPORTED_VERSION = Code(
    "unsupported_version", 4001, "always", False, "The client speaks another version of the protocol."
)
CANNOT_RESUME = Code(
    "cannot_resume", 4004, "always", False, "No such session is known (any more) under that key; start a new one."
)
TAKEN_OVER = Code("taken_over", 4009, "always", False, "The session goes on over another connection.")
SLOW_READER = Code("slow_reader", 4008, "always", True, "The client did not read what was sent to it.")
ALREADY_STARTED = Code("already_started", None, "never", False, "A session has one start; its options stay.")
AFTER_STOP = Code("after_stop", None, "never", False, "After stop no audio is taken.")
STORAGE_UNAVAILABLE = Code(
    "storage_unavailable", 1013, "before ready", True, "Redis cannot be reached; nothing can be accepted meanwhile."
)
STORAGE_FULL = Code(
    "storage_full", 1013, "before ready", True, "Redis is nearly out of memory; nothing new is accepted meanwhile."
)
EVENTS_LOST = Code(
    "events_lost", None, "never", False, "Events that the client had not had are no longer kept; see the result log."
)
NOT_READY = Code("not_ready", None, "never", True, "No worker is ready; what is said is kept and answered when one is.")
TIMEOUT = Code("timeout", None, "never", True, "After stop, some results did not come in time.")

CODES = (
    NOT_PCM,
    FRAME_TOO_BIG,
    INTERNAL,
    FULL,
    BAD_MESSAGE,
    BAD_START,
    UNSUPPORTED_VERSION,
    CANNOT_RESUME,
    TAKEN_OVER,
    SLOW_READER,
    ALREADY_STARTED,
    AFTER_STOP,
    STORAGE_UNAVAILABLE,
    STORAGE_FULL,
    EVENTS_LOST,
    NOT_READY,
    TIMEOUT,
)


class Refusal(Exception):
    """What a client did, or asked for, does not go; `message` tells it what was wrong and what would do,
    `retry_after` after how many seconds it may work."""

    def __init__(self, code: Code, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after
