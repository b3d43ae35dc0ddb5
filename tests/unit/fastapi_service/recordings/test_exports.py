import csv
import html
import io
import itertools
import json
import re
from email.message import EmailMessage
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import codec
from contracts.messages import Word
from contracts.names import NEGATIVE
from fastapi_service.recordings import exports
from fastapi_service.recordings.cues import LINE, columns, plain
from fastapi_service.recordings.exports import COLUMNS, FORMS, disposition, export, file_stem
from fastapi_service.recordings.result import NO_VOICE, NO_WORDS, Facts, SpeechResult, build
from tests.unit.fastapi_service.recordings.spoken import SEGMENTS, TEXT, made, result

SRT_TIME = r"(\d{2,}):([0-5]\d):([0-5]\d),(\d{3})"
VTT_TIME = r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})"


def parsed(text: str, time: str) -> list[tuple[int, int, list[str]]]:
    """Blocks of subtitles, read as players do: an empty line ends one, the line with the arrow has the times."""
    found = []
    for block in re.split(r"\n{2,}", text.strip("\n")):
        lines = block.split("\n")
        at = next((number for number, line in enumerate(lines) if "-->" in line), None)
        if at is None:
            continue
        times = re.fullmatch(f"{time} --> {time}", lines[at])
        assert times, lines[at]
        numbers = [int(number) for number in times.groups()]
        start, end = (h * 3_600_000 + m * 60_000 + s * 1000 + ms for h, m, s, ms in (numbers[:4], numbers[4:]))
        found.append((start, end, lines[at + 1 :]))
    return found


def test_times_are_rounded_before_they_are_split():
    spoken = made((1.9996, 59.9996, "One."), (59.9996, 3599.9999, "Two."), (360_000.25, 400_000.5, "Three."))
    srt = exports.as_srt(spoken)
    assert "00:00:02,000 --> 00:01:00,000" in srt and "00:01:00,000 --> 01:00:00,000" in srt
    assert "100:00:00,250 --> 111:06:40,500" in srt
    assert "00:00:02.000 --> 00:01:00.000" in exports.as_vtt(spoken)


def test_what_each_form_looks_like():
    spoken = build(
        [result(1, 0.4, 2.7, "I love <this> & that."), result(2, 3661.0, 3663.0, "It is bad.", NEGATIVE)], Facts(4000)
    )
    assert exports.as_text(spoken) == (
        "[0:00] Positive +0.90  I love <this> & that.\n[1:01:01] Negative \u22120.80  It is bad.\n"
    )
    assert exports.as_text(spoken, sentiment=False).startswith("[0:00] I love")
    assert exports.as_srt(spoken) == (
        "1\n00:00:00,400 --> 00:00:02,700\nI love <this> & that.\n\n2\n01:01:01,000 --> 01:01:03,000\nIt is bad.\n"
    )
    assert exports.as_vtt(spoken) == (
        "WEBVTT\n\n00:00:00.400 --> 00:00:02.700\nI love &lt;this&gt; &amp; that.\n\n"
        "01:01:01.000 --> 01:01:03.000\nIt is bad.\n"
    )
    assert exports.as_csv(spoken) == (
        "id,start,end,language,confidence,label,score,positive,negative,neutral,reason,text\r\n"
        "1,0.4,2.7,en,0.9,POSITIVE,0.9,0.5,0.25,0.25,,I love <this> & that.\r\n"
        "2,3661.0,3663.0,en,0.9,NEGATIVE,-0.8,0.5,0.25,0.25,,It is bad.\r\n"
    )


def test_json_has_everything():
    spoken = build([result(1, 0, 1, "나는 좋아", words=[Word("나는", 0.0, 0.4, 1.0)])], Facts(2, "a.wav"))
    text = exports.as_json(spoken)
    assert "나는 좋아" in text and json.loads(text)["type"] == "speech_result"
    assert codec.loads(text, SpeechResult) == spoken


def test_silence_says_so_without_words_of_its_own():
    silent = made()
    assert json.loads(export(silent, "json"))["text"] == ""
    assert export(silent, "txt").decode() == f"({NO_VOICE})\n"
    assert export(silent, "srt") == b""
    assert export(silent, "vtt").decode() == f"WEBVTT\n\nNOTE {NO_VOICE}\n"
    assert export(silent, "csv").decode() == ",".join(COLUMNS) + "\r\n"


def test_without_a_result_yet_there_is_nothing_to_read():
    assert export(build([], Facts(1, pending=1)), "txt") == b""
    assert export(build([], Facts(1, pending=1)), "vtt") == b"WEBVTT\n"


def test_what_was_dropped_is_in_the_data_alone():
    spoken = build([result(1, 0, 1, "", None, dropped="repetition"), result(2, 1, 2)], Facts(2))
    assert len(json.loads(export(spoken, "json"))["segments"]) == 2
    assert len(parsed(exports.as_vtt(spoken), VTT_TIME)) == 1 and exports.as_text(spoken).count("\n") == 1


@given(SEGMENTS)
def test_srt_is_read_back(rows):
    blocks = parsed(exports.as_srt(made(*rows)), SRT_TIME)
    check(blocks)
    letters = "".join("".join(plain(text).split()) for _, _, text in rows).replace("-->", "→")
    assert sorted("".join("".join(lines) for *_, lines in blocks).replace(" ", "")) == sorted(letters)


@given(SEGMENTS)
def test_vtt_is_read_back(rows):
    text = exports.as_vtt(made(*rows))
    assert text.startswith("WEBVTT\n") and text.endswith("\n") and "\0" not in text
    blocks = parsed(text, VTT_TIME)
    check(blocks)
    assert not any(mark in line for *_, lines in blocks for line in lines for mark in ("<", ">"))
    letters = "".join("".join(plain(text).split()) for _, _, text in rows)
    read = "".join("".join(html.unescape(line) for line in lines) for *_, lines in blocks)
    assert sorted(read.replace(" ", "")) == sorted(letters)


def check(blocks: list[tuple[int, int, list[str]]]) -> None:
    assert all(start < end for start, end, _ in blocks)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(blocks))
    assert all(1 <= len(lines) <= 2 and all(lines) for *_, lines in blocks)
    assert all(columns(html.unescape(line)) <= LINE for *_, lines in blocks for line in lines)


@given(SEGMENTS)
def test_csv_is_read_back_and_holds_no_formula(rows):
    spoken = made(*rows)
    text = exports.as_csv(spoken)
    assert text.count("\r\n") == len(text.splitlines())
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    segments = [segment for segment in spoken.segments if plain(segment.text)]
    assert [int(row["id"]) for row in read] == [segment.id for segment in segments]
    for row, segment in zip(read, segments, strict=True):
        assert float(row["start"]) == pytest.approx(segment.start, abs=5.1e-4)
        assert row["text"].removeprefix("'") == plain(segment.text).removeprefix("'")
        assert row["text"].lstrip()[:1] not in ("=", "+", "-", "@")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "＝1", '=HYPERLINK("http://a","b")'])
def test_a_text_that_a_spreadsheet_would_work_out_is_quoted(text):
    (row,) = csv.DictReader(io.StringIO(exports.as_csv(made((0, 1, text))), newline=""))
    assert row["text"] == f"'{text}"


@given(SEGMENTS)
def test_text_has_a_line_for_each_segment(rows):
    lines = exports.as_text(made(*rows)).split("\n")
    assert lines.pop() == ""
    line_of_one = re.compile(r"\[\d+(:[0-5]\d){1,2}\] Positive \+0\.90  \S")
    assert all(line_of_one.match(line) or lines == [f"({NO_VOICE})"] or lines == [f"({NO_WORDS})"] for line in lines)


@given(SEGMENTS, st.sampled_from(list(FORMS)))
def test_each_form_is_utf8(rows, form):
    assert export(made(*rows), form).decode("utf-8") == FORMS[form].write(made(*rows))


def test_a_lone_surrogate_stops_nothing():
    for form in FORMS:
        export(made((0, 1, "bad \ud800 letter")), form).decode("utf-8")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("talk.wav", "talk"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\my talk.final.mp3", "my talk.final"),
        ("..", "recording"),
        ("", "recording"),
        (".wav", "wav"),
        ('a"b;c\r\nd', "a_b;c_d"),
        ("회의 녹음.m4a", "회의 녹음"),
        ("a\u202egpj.exe.wav", "a_gpj.exe"),
        ("x" * 999, "x" * 200),
        ("회" * 999, "회" * 66),
    ],
)
def test_a_file_is_called_after_its_recording(name, stem):
    assert file_stem(name) == stem


def test_dispositions():
    assert disposition("talk.wav", "json") == 'inline; filename="talk.json"'
    assert disposition("talk.wav", "srt") == 'attachment; filename="talk.srt"'
    assert disposition("café.mp3", "vtt") == "attachment; filename=\"caf_.vtt\"; filename*=UTF-8''caf%C3%A9.vtt"


@given(TEXT, st.sampled_from(list(FORMS)))
def test_a_disposition_is_one_header_that_is_read_back(name, form):
    value = disposition(name, form)
    assert value.isascii() and value.isprintable()
    message = EmailMessage()
    message["Content-Disposition"] = value
    extended = re.search(r"filename\*=UTF-8''([A-Za-z0-9%._~-]+)$", value)
    called = unquote(extended[1]) if extended else message.get_filename()
    assert called == f"{file_stem(name)}.{form}"
