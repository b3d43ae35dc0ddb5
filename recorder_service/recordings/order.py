"""PURE: parts come in the order in which workers finish them; a reader wants the recording's."""

from typing import Generic, TypeVar

P = TypeVar("P")


class InOrder(Generic[P]):
    """Parts are numbered 1, 2, ...; each waits for those before it. One whose turn is over, such as the
    words of a part that had failed at first, comes at once. Holds what waits, in all at most the recording's text."""

    def __init__(self) -> None:
        self._next = 1
        self._waiting: dict[int, P] = {}

    def add(self, number: int, part: P) -> list[P]:
        """Those that can be shown now."""
        if number < self._next:
            return [part]
        self._waiting[number] = part
        ready = []
        while self._next in self._waiting:
            ready.append(self._waiting.pop(self._next))
            self._next += 1
        return ready

    def rest(self) -> list[P]:
        """What waits for a part that will not come any more."""
        return [self._waiting.pop(number) for number in sorted(self._waiting)]
