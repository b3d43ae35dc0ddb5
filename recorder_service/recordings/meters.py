"""How far a recording is, on standard error: a bar on a terminal, now and then a line elsewhere.

What else is to be written goes through `write`, or a bar would be drawn into it.
"""

import sys
from typing import Any, Protocol, TextIO

from tqdm import tqdm

STEP = 10
"""Percent between two lines."""
MEGABYTE = 1_000_000
LARGE = 10 * MEGABYTE
"""A smaller file is sent before one has read a line about it."""


class Meter(Protocol):
    def sent(self, name: str, done: int, size: int) -> None:
        """Bytes of an upload; it may begin anew."""

    def worked(self, name: str, percent: int, words: str) -> None: ...

    def write(self, text: str, out: TextIO) -> None: ...

    def clear(self) -> None:
        """What was measured is over."""


class Lines:
    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._told = 0

    def sent(self, name: str, done: int, size: int) -> None:
        percent = 100 * done // max(size, 1)
        if percent < self._told:
            self._told = 0
        if percent >= self._told + STEP and size >= LARGE:
            self._told = percent
            self.write(f"{name}: {percent} % of {size / MEGABYTE:.1f} MB sent\n", self._err)

    def worked(self, name: str, percent: int, words: str) -> None:
        if percent >= self._told + STEP:
            self._told = percent
            self.write(f"{name}: {percent} %, {words}\n", self._err)

    def write(self, text: str, out: TextIO) -> None:
        out.write(text)
        out.flush()

    def clear(self) -> None:
        self._told = 0


class Bar:
    def __init__(self, err: TextIO) -> None:
        self._err = err
        self._bar: Any = None

    def sent(self, name: str, done: int, size: int) -> None:
        if self._bar is None:
            self._bar = tqdm(total=size, desc=name, unit="B", unit_scale=True, **self._how())
        self._bar.update(done - self._bar.n)

    def worked(self, name: str, percent: int, words: str) -> None:
        if self._bar is None:
            form = "{desc}: {percentage:3.0f} % |{bar}| {elapsed}{postfix}"
            self._bar = tqdm(total=100, desc=name, bar_format=form, **self._how())
        self._bar.n = percent
        self._bar.set_postfix_str(words)

    def write(self, text: str, out: TextIO) -> None:
        tqdm.write(text, file=out, end="")
        out.flush()

    def clear(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _how(self) -> dict[str, object]:
        return {"file": self._err, "leave": False, "dynamic_ncols": True}


def meter(err: TextIO = sys.stderr) -> Meter:
    return Bar(err) if err.isatty() else Lines(err)
