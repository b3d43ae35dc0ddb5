"""How far a session's audio is ahead of its words, and which utterances still owe a result."""

import asyncio


class Lead:
    """Samples of accepted utterances whose words are not out. Silence is never ahead of anything."""

    def __init__(self, limit: int, newest: int = 0) -> None:
        """`newest`: number of the last utterance that was accepted before."""
        self._limit = limit
        self._newest = newest
        self._wordless: dict[int, int] = {}
        self._open: set[int] = set()
        self._early: set[int] = set()
        """Ended before they were added: the reply to a storing came later than the result."""
        self._changed = asyncio.Condition()

    @property
    def samples(self) -> int:
        return sum(self._wordless.values())

    @property
    def open(self) -> int:
        """Utterances without a result."""
        return len(self._open)

    def waits_for(self, utterance: int) -> bool:
        """Whether its words are not out."""
        return utterance in self._wordless

    def add(self, utterance: int, samples: int, worded: bool = False) -> None:
        self._newest = max(self._newest, utterance)
        if utterance in self._early:
            self._early.discard(utterance)
            return
        if not worded:
            self._wordless[utterance] = samples
        self._open.add(utterance)

    async def words_out(self, utterance: int) -> None:
        async with self._changed:
            self._wordless.pop(utterance, None)
            self._changed.notify_all()

    async def finish(self, utterance: int) -> None:
        async with self._changed:
            if utterance > self._newest:
                self._early.add(utterance)
            self._wordless.pop(utterance, None)
            self._open.discard(utterance)
            self._changed.notify_all()

    async def room(self, seconds: float) -> bool:
        """Wait so long for the lead to be within the limit; whether it is."""
        if self.samples <= self._limit:
            return True
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.samples <= self._limit)
        except TimeoutError:
            return False
        return True

    async def all_finished(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._open)
