import io
import json
from typing import Any

from contracts import codec
from contracts.messages import Error, Result, Sentiment
from recorder_service.recordings.event_stream import Event
from recorder_service.recordings.meters import Lines
from recorder_service.recordings.shown import JsonLines, Words


def event(name: str, **data: Any) -> Event:
    return Event(name, json.dumps({"job": "job-1", **data}), "1")


def segment(number: int) -> Event:
    sentiment = Sentiment("POSITIVE", 0.9, {}, "m")
    result = Result("s", number, number - 1.0, float(number), f"part {number}", "en", 0.9, sentiment, "e", "m")
    data = codec.encode(result)
    del data["type"], data["session"]
    return event("segment", **data)


def failed(number: int | None) -> Event:
    data = codec.encode(Error(None, "gave_up", "it was tried three times", utterance=number))
    del data["type"], data["session"]
    return event("problem", **data)


class Shown:
    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.words = Words("a.mp3", Lines(self.err), self.out, self.err)

    def after(self, *events: Event) -> list[str]:
        """What stands there, without times."""
        for one in events:
            self.words.event(one)
        return [line.partition("] ")[2] or line for line in self.out.getvalue().splitlines()]


def part(number: int) -> str:
    return f"part {number}  POSITIVE +0.90"


def test_words_are_shown_in_the_recordings_order_and_once() -> None:
    shown = Shown()
    assert shown.after(segment(2), event("progress", progress=40, message="1 of 4 parts")) == []
    assert shown.after(segment(1)) == [part(1), part(2)]
    assert shown.after(segment(1), segment(2), segment(4)) == [part(1), part(2)]
    shown.words.end()
    assert shown.after() == [part(1), part(2), part(4)]
    assert shown.err.getvalue() == "a.mp3: 40 %, 1 of 4 parts\n"


def test_a_part_that_failed_stands_in_its_place_and_its_words_may_follow() -> None:
    shown = Shown()
    said = "Error (gave_up): it was tried three times"
    assert shown.after(failed(2), segment(1), segment(3)) == [part(1), said, part(3)]
    assert shown.after(segment(2), failed(None)) == [part(1), said, part(3), part(2), said]


def test_what_a_newer_server_says_is_passed_over() -> None:
    shown = Shown()
    assert shown.after(event("mood", value=1), event("segment", utterance="one"), segment(1)) == [part(1)]
    assert "Not understood, perhaps of a newer server" in shown.err.getvalue()


def test_as_json_every_event_is_a_line() -> None:
    out, err = io.StringIO(), io.StringIO()
    lines = JsonLines("a.mp3", Lines(err), out)
    lines.event(segment(2))
    lines.event(event("completed", status="completed"))
    lines.end()
    first, second = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (first["event"], first["id"], first["data"]["text"]) == ("segment", "1", "part 2")
    assert second["data"] == {"job": "job-1", "status": "completed"}
