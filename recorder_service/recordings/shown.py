"""What the person sees of a job's events: its words in the recording's order, or each event as a JSON line."""

import io
import os
from typing import Any, Protocol, TextIO, cast

from contracts import codec
from contracts.messages import Error, Result
from recorder_service.displays import Captions
from recorder_service.recordings.event_stream import Event
from recorder_service.recordings.meters import Meter
from recorder_service.recordings.order import InOrder

KINDS: dict[str, type[Result] | type[Error]] = {"segment": Result, "problem": Error}


class Show(Protocol):
    def event(self, event: Event) -> None: ...

    def end(self) -> None:
        """No more events of this recording."""


class Above(io.TextIOBase):
    """A stream to write to while a bar is drawn below."""

    def __init__(self, meter: Meter, out: TextIO) -> None:
        self._meter = meter
        self._out = out

    def write(self, text: str, /) -> int:
        self._meter.write(text, self._out)
        return len(text)

    def flush(self) -> None:
        self._out.flush()


class Words:
    """`out` None: nothing but the progress."""

    def __init__(self, name: str, meter: Meter, out: TextIO | None, err: TextIO) -> None:
        self._name = name
        self._meter = meter
        self._err = err
        self._order: InOrder[Result | Error] = InOrder()
        self._worded: set[int] = set()
        """Parts whose words have come: a server whose Redis has lost some events tells all of them again."""
        self._captions = None
        if out:
            colour = out.isatty() and not os.environ.get("NO_COLOR")
            self._captions = Captions(cast(TextIO, Above(meter, out)), width=0, colour=colour)

    def event(self, event: Event) -> None:
        data = event.json()
        if event.name == "progress":
            self._meter.worked(self._name, data["progress"], data["message"])
        elif event.name in KINDS:
            part = self._part(data, KINDS[event.name])
            if part and part.utterance not in self._worded:
                if isinstance(part, Result):
                    self._worded.add(part.utterance)
                self._show(self._order.add(part.utterance or 0, part))

    def end(self) -> None:
        self._show(self._order.rest())

    def _part(self, data: dict[str, Any], kind: type[Result] | type[Error]) -> Result | Error | None:
        try:
            return codec.decode({**data, "session": data.get("job")}, kind)
        except codec.DecodeError as error:
            self._meter.write(f"Not understood, perhaps of a newer server: {error}\n", self._err)
            return None

    def _show(self, parts: list[Result | Error]) -> None:
        if self._captions:
            for part in parts:
                self._captions.show(part, 0.0)


class JsonLines:
    """Every event as it came: `{"id", "event", "data"}`."""

    def __init__(self, name: str, meter: Meter, out: TextIO) -> None:
        self._name = name
        self._meter = meter
        self._out = out

    def event(self, event: Event) -> None:
        data = event.json()
        if event.name == "progress":
            self._meter.worked(self._name, data["progress"], data["message"])
        line = codec.json_text({"id": event.id, "event": event.name, "data": data})
        self._meter.write(line + "\n", self._out)

    def end(self) -> None:
        return
