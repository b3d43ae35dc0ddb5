"""Where sentiment models come from: `choice` decides which, `hub` fetches, `classifier` loads and runs.

Importing this package imports no model library.
"""

from collections.abc import Sequence
from typing import Protocol


class ModelError(RuntimeError):
    """The model cannot be used: one sentence that says what is wrong and what to do."""


class SentimentModel(Protocol):
    """A text classifier. `classes` are its own class names in order; `length` counts tokens as
    `window`, the most tokens of one text, does: without the special ones."""

    name: str
    classes: tuple[str, ...]
    window: int

    def length(self, text: str) -> int: ...

    def probabilities(self, texts: Sequence[str]) -> list[list[float]]:
        """One row per text, one number 0..1 per class. No text may be longer than `window`."""
        ...
