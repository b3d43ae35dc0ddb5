"""What a person sees on a terminal and in a pipe."""

import io
import json

import pytest

from contracts.messages import Error, Result, Sentiment, Transcript
from contracts.socket_messages import Done, Limits, Partial, Ready
from recorder_service.displays import Captions, JsonLines, clock


def result(text: str = "good day", label: str | None = "POSITIVE", **changes: object) -> Result:
    sentiment = Sentiment(label, 0.93 if label else None, {}, "m", None if label else "no Korean")
    fields = {"session": "s", "utterance": 1, "start": 1.0, "end": 2.5, "text": text, "language": "en"}
    return Result(**(fields | {"confidence": 0.9, "sentiment": sentiment, "engine": "e", "model": "m"} | changes))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "00:00.0"), (62.34, "01:02.3"), (59.96, "01:00.0"), (600.0, "10:00.0")]
)
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_in_a_pipe_only_finished_lines_appear_without_colour() -> None:
    out = io.StringIO()
    captions = Captions(out)
    captions.show(Partial("s", 1, 0.0, 1.0, "good", "da"), 0.0)
    captions.show(result(), 10.0)
    captions.show(Done("s", 16000, 1), 0.0)
    assert out.getvalue() == "[00:11.0 - 00:12.5] good day  POSITIVE +0.93\nDone: 1 utterance\n"


def test_a_score_that_rounds_to_nothing_has_no_minus() -> None:
    out = io.StringIO()
    Captions(out).show(result(sentiment=Sentiment("NEUTRAL", -0.001, {}, "m", None)), 0.0)
    assert out.getvalue().endswith("NEUTRAL +0.00\n")


def test_on_a_terminal_words_change_in_place_and_the_label_has_a_colour() -> None:
    out = io.StringIO()
    captions = Captions(out, width=40, colour=True)
    captions.show(Partial("s", 1, 0.0, 1.0, "good", "da"), 0.0)
    assert out.getvalue() == "\r\x1b[Kgood \x1b[2mda\x1b[0m"
    captions.show(result(), 0.0)
    assert out.getvalue().endswith("\r\x1b[K[00:01.0 - 00:02.5] good day  \x1b[32mPOSITIVE +0.93\x1b[0m\n")


def test_words_of_a_later_utterance_stay_below_an_earlier_result() -> None:
    out = io.StringIO()
    captions = Captions(out, width=40, colour=False)
    captions.show(Partial("s", 2, 3.0, 4.0, "next", ""), 0.0)
    captions.show(result(), 0.0)
    assert out.getvalue().endswith("POSITIVE +0.93\nnext")


def test_long_words_keep_their_newest_end_on_one_line() -> None:
    out = io.StringIO()
    captions = Captions(out, width=11, colour=False)
    captions.show(Partial("s", 1, 0.0, 1.0, "one two three", "four"), 0.0)
    assert out.getvalue() == "\r\x1b[Kthree four"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (result("", None, dropped="no_speech"), "[00:01.0 - 00:02.5] (no words: no_speech)"),
        (result(label=None), "[00:01.0 - 00:02.5] good day  no sentiment: no Korean"),
        (Error("s", "stt_failed", "the model broke", utterance=1), "Error (stt_failed): the model broke"),
    ],
)
def test_what_is_missing_is_said(message: object, line: str) -> None:
    out = io.StringIO()
    Captions(out).show(message, 0.0)
    assert out.getvalue() == line + "\n"


def test_json_lines_are_the_messages_and_notes_go_elsewhere() -> None:
    out, notes = io.StringIO(), io.StringIO()
    lines = JsonLines(out, notes)
    lines.note("Connection lost")
    transcript = Transcript("s", 1, 0.0, 1.0, "hi", "en", 0.9, 0.8, "e", "m")
    lines.show(transcript, 5.0)
    assert json.loads(out.getvalue())["text"] == "hi"
    assert notes.getvalue() == "Connection lost\n"


def welcome(resumed: bool) -> Ready:
    return Ready("s", 0, 16_000, "e", "m", "sm", False, resumed, Limits(1, 1.0, 1.0), key="secret")


def test_the_key_of_the_session_is_shown_to_nobody() -> None:
    out = io.StringIO()
    JsonLines(out, io.StringIO()).show(welcome(False), 0.0)
    assert json.loads(out.getvalue())["key"] == ""
    Captions(out).show(welcome(False), 0.0)
    assert "secret" not in out.getvalue()


def test_a_session_that_goes_on_is_told_and_what_ends_a_connection_is_left_to_the_note() -> None:
    out = io.StringIO()
    captions = Captions(out)
    captions.show(welcome(True), 0.0)
    captions.show(Error(None, "full", "no place", retryable=True), 0.0)
    assert out.getvalue() == "Connected again: the session goes on.\n"
