"""What the person sees: captions and sentiments as text, or each message as a JSON line."""

import dataclasses
import os
import sys
from typing import TextIO

from contracts import codec
from contracts.messages import Error, Result, Transcript
from contracts.names import NEGATIVE, NEUTRAL, POSITIVE
from contracts.socket_messages import Done, Partial, Ready
from recorder_service.closing import ANNOUNCED

COLOURS = {POSITIVE: "32", NEGATIVE: "31", NEUTRAL: "33"}
DIM = "2"


def clock(seconds: float) -> str:
    """62.34 -> '01:02.3'"""
    tenths = round(seconds * 10)
    return f"{tenths // 600:02d}:{tenths % 600 / 10:04.1f}"


class JsonLines:
    """Every message of the server as it came, one per line, but for the session's key: who has it can
    go on with the session. Notes go to standard error."""

    def __init__(self, out: TextIO = sys.stdout, notes: TextIO = sys.stderr) -> None:
        self._out = out
        self._notes = notes

    def show(self, message: object, offset: float) -> None:
        if isinstance(message, Ready):
            message = dataclasses.replace(message, key="")
        self._out.write(codec.dumps(message) + "\n")
        self._out.flush()

    def note(self, sentence: str) -> None:
        self._notes.write(sentence + "\n")


class Captions:
    """One line per utterance, with its sentiment. On a terminal the words so far stand below the
    finished lines and change in place; colours unless NO_COLOR is set."""

    def __init__(self, out: TextIO = sys.stdout, width: int | None = None, colour: bool | None = None) -> None:
        self._out = out
        self._width = width if width is not None else _terminal_width(out)
        self._colour = bool(self._width and not os.environ.get("NO_COLOR")) if colour is None else colour
        self._live = ""
        self._live_utterance = -1

    def show(self, message: object, offset: float) -> None:
        if isinstance(message, Partial):
            self._draw(message.utterance, message.stable, message.tail)
        elif isinstance(message, Transcript):
            self._draw(message.utterance, message.text, "")
        elif isinstance(message, Result):
            self._finish(message.utterance, self._result_line(message, offset))
        elif isinstance(message, Error):
            if message.code in ANNOUNCED:
                return  # a sentence about the connection follows
            self._finish(message.utterance, self._paint(f"Error ({message.code}): {message.message}", "31"))
        elif isinstance(message, Ready) and message.resumed:
            self.note("Connected again: the session goes on.")
        elif isinstance(message, Ready):
            demo = " (small demonstration models: they know a few hundred words)" if message.demo_models else ""
            self.note(f"Listening: {message.engine} {message.model}, {message.sentiment_model}{demo}")
        elif isinstance(message, Done):
            count = message.utterances
            self.note(f"Done: {count} utterance{'' if count == 1 else 's'}")

    def note(self, sentence: str) -> None:
        self._print(self._paint(sentence, DIM))

    def _result_line(self, result: Result, offset: float) -> str:
        when = f"[{clock(offset + result.start)} - {clock(offset + result.end)}]"
        if not result.text:
            return self._paint(f"{when} (no words: {result.dropped or 'nothing was recognised'})", DIM)
        sentiment = result.sentiment
        if sentiment.label is None:
            judged = self._paint(f"no sentiment: {sentiment.reason}", DIM)
        else:
            score = round(sentiment.score or 0, 2) + 0.0  # -0.00 becomes +0.00
            judged = self._paint(f"{sentiment.label} {score:+.2f}", COLOURS.get(sentiment.label, "0"))
        return f"{when} {result.text}  {judged}"

    def _draw(self, utterance: int, stable: str, tail: str) -> None:
        if not self._width:
            return
        room = self._width - 1
        words = f"{stable} {tail}".strip()
        shown = words[-room:]
        sure = max(0, len(shown) - len(tail)) if tail else len(shown)
        self._live = shown[:sure] + self._paint(shown[sure:], DIM)
        self._live_utterance = utterance
        self._out.write("\r\x1b[K" + self._live)
        self._out.flush()

    def _finish(self, utterance: int | None, line: str) -> None:
        if utterance is not None and utterance >= self._live_utterance:
            self._live = ""
        self._print(line)

    def _print(self, line: str) -> None:
        erase = "\r\x1b[K" if self._width else ""
        self._out.write(f"{erase}{line}\n{self._live}")
        self._out.flush()

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and text else text


def _terminal_width(out: TextIO) -> int:
    """Columns, or 0 when nobody sees the lines change."""
    try:
        return os.get_terminal_size(out.fileno()).columns if out.isatty() else 0
    except (OSError, ValueError):
        return 0
