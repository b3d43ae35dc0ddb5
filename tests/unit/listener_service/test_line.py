"""The line format: what is written is read back, and nothing that is said can break out of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.messages import Error, Result, Sentiment, Timings
from listener_service import line
from listener_service.line import Line, NotALine, parse

SENTIMENT = Sentiment("POSITIVE", 0.98123, {"POSITIVE": 0.99, "NEGATIVE": 0.01, "NEUTRAL": 0.0}, "demo-sentiment")
RESULT = Result(
    session="Zk3_-x",
    utterance=3,
    start=1.2,
    end=2.75,
    text="I love this",
    language="en",
    confidence=0.8249,
    sentiment=SENTIMENT,
    engine="openai-whisper",
    model="base",
    trace="t1",
    timings=Timings(total_ms=412.4),
)
NAMES = st.from_regex(r"[a-z_][a-z_0-9]{0,9}", fullmatch=True)


def test_the_line_of_a_result() -> None:
    assert str(line.of_event("1700000000000-0", RESULT)) == (
        '2023-11-14T22:13:20.000Z POSITIVE +0.981 "I love this" language=en start=1.200 end=2.750 confidence=0.82 '
        "latency_ms=412 session=Zk3_-x utterance=3 task=transcribe model=base sentiment_model=demo-sentiment "
        "trace=t1 id=1700000000000-0"
    )
    assert str(line.of_event("1700000000000-0", RESULT, 17)).endswith(" trace=t1 n=17 id=1700000000000-0")


def test_the_line_of_an_error() -> None:
    error = Error("s1", "audio_gone", 'the audio "x" is gone', stage="stt", utterance=7)
    assert str(line.of_event("1700000000000-1", error)) == (
        '2023-11-14T22:13:20.000Z ERROR - "the audio \\"x\\" is gone" code=audio_gone stage=stt retryable=false '
        "session=s1 utterance=7 id=1700000000000-1"
    )


def test_a_result_without_sentiment_says_why() -> None:
    unjudged = Sentiment(None, None, {}, "m", reason="the sentiment model knows en, not ko")
    event = Result("s", 0, 0.0, 1.0, "안녕하세요", "ko", None, unjudged, "openai-whisper", "base", dropped="no_speech")
    read = parse(str(line.of_event("1700000000000-0", event)))
    assert (read.kind, read.score, read.text) == ("UNJUDGED", None, "안녕하세요")
    assert read.fields["reason"] == "the sentiment model knows en, not ko"
    assert read.fields["dropped"] == "no_speech"
    assert "confidence" not in read.fields


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["POSITIVE", "NEGATIVE", "NEUTRAL", "UNJUDGED", "ERROR"]),
    score=st.none() | st.integers(-1000, 1000).map(lambda n: n / 1000),
    text=st.text(),
    fields=st.dictionaries(NAMES, st.text(), max_size=5),
)
def test_what_is_written_is_read_back(kind: str, score: float | None, text: str, fields: dict[str, str]) -> None:
    written = Line("2026-01-31T09:00:00.123Z", kind, score, text, fields)
    assert parse(str(written)) == written
    assert parse(f"{written}\n") == written


@settings(max_examples=30)
@given(fields=st.dictionaries(NAMES, st.text(), max_size=5))
def test_statistics_are_read_back(fields: dict[str, str]) -> None:
    written = Line("2026-01-31T09:00:00.123Z", line.STATISTICS, fields=fields)
    assert parse(str(written)) == written


@settings(max_examples=60)
@given(text=st.text(), value=st.text())
def test_a_line_is_one_line_without_control_characters(text: str, value: str) -> None:
    written = str(Line("2026-01-31T09:00:00.123Z", "ERROR", None, text, {"name": value}))
    assert len(written.splitlines()) == 1
    assert all(ord(c) >= 32 and not 0x7F <= ord(c) < 0xA0 for c in written)


@pytest.mark.parametrize(
    "said",
    [
        '"\n2026-01-31T09:00:00.123Z POSITIVE +1.000 "forged" id=1-1',
        "\u2028\u2029\x85\x0b\x0c\r",
        "\x1b[2J\x9b31m",
        "\u202egnp.exe\u2066",
        "\ud83d alone",
        "👩‍👩‍👧 안녕 \\u0041 \\",
    ],
)
def test_speech_that_means_to_break_out(said: str) -> None:
    written = str(Line("2026-01-31T09:00:00.123Z", "NEUTRAL", 0.0, said, {"id": "1-1"}))
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written and "\u202e" not in written and "\x9b" not in written
    written.encode()
    assert parse(written).text == said
    assert parse(written).fields == {"id": "1-1"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31T09:00:00.123Z",
        "2026-01-31T09:00:00.123Z POSITIVE",
        '2026-01-31T09:00:00.123Z POSITIVE +0.5 "torn in the mid',
        '2026-01-31T09:00:00.123Z POSITIVE high "text" id=1-1',
        '2026-01-31T09:00:00.123Z POSITIVE +0.5 "text" id=1-1 loose',
        '2026-01-31T09:00:00.123Z POSITIVE +0.5 "bad \\q escape" id=1-1',
        '2026-01-31T09:00:00.123Z POSITIVE +0.5 "torn behind a field" id=1 (torn)',
        "2026-01-31T09:00:00.123Z POSITIVE +0.5 (torn)",
    ],
)
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(NotALine):
        parse(text)


def test_an_id_that_is_no_time_does_not_stop_anything() -> None:
    assert line.moment("18446744073709551615-0") == "1970-01-01T00:00:00.000Z"


def test_lines_about_the_stream_have_a_number_and_name_the_entry_that_follows() -> None:
    lost = line.lost(range(5, 8), "1700000000000-0")
    assert parse(str(lost)) == lost
    assert (lost.kind, lost.fields["count"], lost.fields["first"], lost.fields["n"]) == ("ERROR", "3", "5", "7")
    restarted = line.restarted(0, "1700000000000-0")
    assert parse(str(restarted)) == restarted
    assert list(restarted.fields)[-1] == list(lost.fields)[-1] == "before"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        (str(line.of_event("1-2", RESULT, 3)), "id=1-2"),
        (str(line.lost(range(1, 2), "1-2")), "before=1-2"),
        ('t NEUTRAL - " id=1-2"', None),
        ("t STATISTICS scope=all errors=0", None),
        ('t NEUTRAL - "x" id=1 (torn)', None),
        (f't NEUTRAL - "x" id={"9" * 50}-0', None),
    ],
)
def test_the_mark_of_a_line(text: str, mark: str | None) -> None:
    assert line.mark(text) == mark
    assert line.mark(f"{text}\n") == mark


def test_the_moment_of_a_line_as_a_number() -> None:
    assert line.seconds(line.at(1700000000.123)) == 1700000000.123
    assert line.seconds("yesterday") == 0.0
