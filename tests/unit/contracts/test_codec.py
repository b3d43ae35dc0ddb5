"""The one codec: round trips, and refusals that name what is wrong."""

import json
import math
from dataclasses import replace

import pytest

from contracts import codec
from contracts.messages import AnalyzeTask, Hypothesis, Sentiment, Transcript, Word
from contracts.socket_messages import FROM_CLIENT, Ping, Start

TRANSCRIPT = Transcript("s", 3, 1.0, 2.5, "안녕 hi", "en", 0.9, 0.8, "openai-whisper", "base", seq=7)


def test_type_is_the_class_name_in_snake_case():
    assert codec.encode(AnalyzeTask(TRANSCRIPT))["type"] == "analyze_task"


def test_nested_messages_round_trip_through_text():
    task = AnalyzeTask(TRANSCRIPT, sent_at=12.5)
    assert codec.loads(codec.dumps(task), AnalyzeTask) == task


def test_text_stays_readable_in_any_script():
    assert "안녕" in codec.dumps(TRANSCRIPT)


def test_absent_fields_take_their_defaults_and_unknown_ones_are_ignored():
    assert codec.loads('{"type":"start","colour":"red"}', *FROM_CLIENT) == Start()


def test_a_whole_number_is_a_number():
    sentiment = codec.decode({"label": None, "score": 0, "scores": {"POSITIVE": 1}, "model": "m"}, Sentiment)
    assert sentiment.score == 0.0 and isinstance(sentiment.scores["POSITIVE"], float)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{", "not JSON"),
        ("[1]", "expected a JSON object, got list"),
        ("[" * 100_000, "not JSON"),
        ('{"type":"sing"}', "unknown message type 'sing'; expected one of: start, stop, ping"),
        ('{"sample_rate":1}', "unknown message type None"),
        ('{"type":"start","sample_rate":"16000"}', "Start.sample_rate must be a whole number, got '16000'"),
        ('{"type":"start","sample_rate":true}', "Start.sample_rate must be a whole number"),
        ('{"type":"start","sample_rate":1.5}', "Start.sample_rate must be a whole number"),
        ('{"type":"start","partials":1}', "Start.partials must be true or false"),
        ('{"type":"start","format":null}', "Start.format must be a string"),
    ],
)
def test_a_bad_message_is_refused_with_the_part_that_is_wrong(text, part):
    with pytest.raises(codec.DecodeError, match=part.replace("[", r"\[")):
        codec.loads(text, *FROM_CLIENT)


def test_a_missing_field_is_named():
    with pytest.raises(codec.DecodeError, match="Transcript.text is missing"):
        codec.decode({k: v for k, v in codec.encode(TRANSCRIPT).items() if k != "text"}, Transcript)


def test_not_a_number_never_reaches_the_wire():
    with pytest.raises(ValueError):
        codec.dumps(Sentiment("POSITIVE", math.nan, {}, "m"))
    with pytest.raises(codec.DecodeError, match="must be a number"):
        codec.loads(json.dumps(codec.encode(Sentiment("POSITIVE", math.inf, {}, "m"))), Sentiment)


def test_a_whole_number_that_no_float_holds_is_refused():
    with pytest.raises(codec.DecodeError, match=r"Hypothesis\.end must be a number"):
        codec.decode({"session": "s", "utterance": 1, "text": None, "end": 10**400}, Hypothesis)


def test_a_nested_field_is_named_by_its_path():
    data = codec.encode(AnalyzeTask(TRANSCRIPT))
    data["transcript"]["timings"] = "fast"
    with pytest.raises(codec.DecodeError, match=r"AnalyzeTask\.transcript\.timings must be an object"):
        codec.decode(data, AnalyzeTask)


def test_a_list_is_read_item_by_item_and_an_item_is_named_by_its_place():
    transcript = replace(TRANSCRIPT, words=[Word("안녕", 1.0, 1.5, 0.9), Word("hi", 1.5, 2.5, 0.8)])
    assert codec.loads(codec.dumps(transcript), Transcript) == transcript
    data = codec.encode(transcript)
    del data["words"][1]["end"]
    with pytest.raises(codec.DecodeError, match=r"Transcript\.words\[1\]\.end is missing"):
        codec.decode(data, Transcript)
    with pytest.raises(codec.DecodeError, match=r"Transcript\.words must be a list"):
        codec.decode(data | {"words": {}}, Transcript)


def test_a_single_expected_class_needs_no_type():
    assert codec.decode({"id": 4}, Ping) == Ping(4)
