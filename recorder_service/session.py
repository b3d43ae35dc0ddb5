"""What a client remembers of one session, so that it can go on with it on another connection; pure."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Session:
    """`key` is the secret of `ready`; without one (an older server) nothing can be resumed. `base` is
    the recording's sample that is sample 0 of the session, the same on every connection."""

    id: str
    key: str
    base: int
    seq: int = 0
    """The last durable event that came."""
    results: int = 0
    worded: float = 0.0
    """Session seconds up to which utterances are known to have been answered."""

    def claim(self) -> dict[str, Any]:
        """What `start` says to go on with it."""
        return {"session": self.id, "key": self.key, "after": self.seq} if self.key else {}

    def takes(self, seq: int | None) -> bool:
        """False for a durable event that has come before; what has no number always comes through."""
        if seq is None:
            return True
        if seq <= self.seq:
            return False
        self.seq = seq
        return True
