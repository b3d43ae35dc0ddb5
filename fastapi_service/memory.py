"""How full Redis is, and whether new audio may come. Pure.

Above the mark only what is accepted already goes on: transcripts, results and the ledger still fit.
"""

FULL_SHARE = 0.90
ROOM_SHARE = 0.85
"""Full until it falls below, so that not every finished utterance opens and closes the door."""


class Memory:
    def __init__(self) -> None:
        self.share: float | None = None
        """Of `maxmemory`; None without a limit, or while it is not known."""
        self.full = False

    def learn(self, used: int, maximum: int) -> None:
        """Bytes; `maximum` 0 is no limit."""
        self.share = used / maximum if maximum > 0 else None
        self.full = self.share is not None and self.share > (ROOM_SHARE if self.full else FULL_SHARE)
