"""PURE: how far the stream `results` is dealt with, and whether anything is missing before an entry.

Each entry carries a number `n`, counted without gaps by the step that writes it, so that a reader
knows when entries were removed before it read them. Entries of an older writer have none.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Id of the newest entry that was dealt with, and the newest number; None: none is known."""

    id: str = "0-0"
    n: int | None = None

    def missing(self, entry_id: str, n: int | None) -> range:
        """Numbers that should have come before the entry and did not."""
        if n is None or self.n is None or not self.is_before(entry_id):
            return range(0)
        return range(self.n + 1, n)

    def began_again(self, entry_id: str, n: int | None) -> bool:
        """Whether the counter has gone back before the entry. One with an older id is only late."""
        return n is not None and self.n is not None and n <= self.n and self.is_before(entry_id)

    def holds(self, entry_id: str, n: int | None) -> bool:
        """Whether the entry was dealt with for certain: all up to number `n` were."""
        return n is not None and self.n is not None and n <= self.n and not self.is_before(entry_id)

    def after(self, entry_id: str, n: int | None) -> "Place":
        if not self.is_before(entry_id):
            return self
        return Place(entry_id, self.n if n is None else n)

    def is_before(self, entry_id: str) -> bool:
        return order(self.id) < order(entry_id)


def order(entry_id: str) -> tuple[int, int]:
    """What ids of a stream are sorted by."""
    milliseconds, _, count = entry_id.partition("-")
    return int(milliseconds), int(count or 0)


def following(entry_id: str) -> str:
    """The smallest id behind that one."""
    milliseconds, count = order(entry_id)
    return f"{milliseconds}-{count + 1}"
