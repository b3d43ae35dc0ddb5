"""Why a connection came to its end, and what a client makes of it; pure."""

from dataclasses import dataclass

from contracts.messages import Error

AGAIN = (1001, 1005, 1006, 1011, 1012, 1013, 1014, 4008)
"""Close codes after which trying again makes sense; after any other one the server meant it."""

DONE, TRY_LATER, CANNOT_RESUME, TAKEN_OVER = 1000, 1013, 4004, 4009

ANNOUNCED = ("full", "cannot_resume", "taken_over")
"""Errors that only tell why the connection is about to be closed."""


class Refused(Exception):
    """The server ended the session for good, in words."""


class TakenOver(Refused):
    """Another client has resumed the session: coming back would take it away again."""


@dataclass(frozen=True)
class Loss:
    """`forgotten`: the session cannot be resumed, a new one may begin at once. `told`: seconds that
    the server asks to wait. `said`: its words."""

    forgotten: bool = False
    told: float = 0.0
    said: str = ""


def judge(code: int | None, reason: str | None, error: Error | None, claimed: bool) -> Loss:
    """A connection closed with `code` and `reason` after the server's last `error`, if any. `claimed`:
    there was a session to go on with. Raises Refused, TakenOver where one must not come back."""
    name = error.code if error else ""
    said = (error.message if error else reason) or ""
    # a reset may overtake the close code, not what was sent before it: the error counts as well
    if code == TAKEN_OVER or name == "taken_over":
        raise TakenOver("Another client has gone on with this session; this one ends here.")
    if claimed and (code == CANNOT_RESUME or name == "cannot_resume"):
        return Loss(forgotten=True)
    if code == DONE and claimed:  # its `done` came, and was given up on: too late for us, and so it comes again
        return Loss()
    if code not in AGAIN:
        raise Refused(f"The server closed the session ({code}): {said or 'it gave no reason'}")
    told = error.retry_after if error and code == TRY_LATER else None
    return Loss(told=told or 0.0, said=said)
