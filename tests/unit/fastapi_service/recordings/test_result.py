import pytest

from contracts import codec
from contracts.messages import Word
from contracts.names import NEGATIVE, NEUTRAL, POSITIVE
from fastapi_service.recordings import result as results
from fastapi_service.recordings.result import Facts, SpeechResult, build, joined
from tests.unit.fastapi_service.recordings.spoken import error, mood, result, transcript


def test_segments_come_in_order_of_time_with_all_that_is_known_of_them():
    words = [Word("Bad", 5.0, 5.5, 0.9), Word("day.", 5.5, 6.0, 0.8)]
    made = build([result(2, 5, 6, "Bad day.", NEGATIVE, words=words), result(1, 1, 3)], Facts(10, "talk.wav"))
    assert made.text == "Good day. Bad day."
    assert [segment.id for segment in made.segments] == [1, 2]
    assert made.segments[1].words == words and made.segments[1].sentiment == mood(NEGATIVE)
    assert (made.duration, made.language, made.name, made.no_speech, made.message) == (
        10,
        "en",
        "talk.wav",
        False,
        None,
    )
    assert made.errors == [] and made.pending == 0


def test_the_statistics():
    events = [
        result(1, 0, 2, "One two three.", POSITIVE, confidence=1.0),
        result(2, 4, 5, "Four five.", None, confidence=0.4),
        result(3, 5, 6, "", None, dropped="repetition", confidence=0.1),
        result(4, 4.5, 5.5, "six", NEUTRAL, confidence=None),
    ]
    found = build(events, Facts(10)).statistics
    assert (found.speech_seconds, found.silence_seconds) == (3.5, 6.5)
    assert (found.words, found.words_per_minute, found.segments) == (6, 102.9, 3)
    assert found.labels == {POSITIVE: 1, NEGATIVE: 0, NEUTRAL: 1} and found.unjudged == 1
    assert found.mean_confidence == 0.8
    assert (found.engine, found.model) == ("e", "m")


def test_measured_speech_counts_before_the_length_of_segments():
    found = build([result(1, 0, 30, "word " * 30)], Facts(40, speech_seconds=15)).statistics
    assert (found.speech_seconds, found.silence_seconds, found.words_per_minute) == (15, 25, 120)
    assert build([], Facts(4, speech_seconds=5)).statistics.silence_seconds == 0


def test_silence_is_said_to_be_silence():
    made = build([], Facts(12.3456))
    assert (made.text, made.no_speech, made.message) == ("", True, results.NO_VOICE)
    assert made.sentiment.label is None and made.sentiment.score is None and made.sentiment.reason == "nothing was said"
    assert made.statistics.words_per_minute is None and made.statistics.silence_seconds == 12.346
    assert made.course == [] and made.language is None


def test_noise_without_words_is_told_from_silence():
    made = build([result(1, 0, 2, "", None, dropped="no_speech")], Facts(3, language="en"))
    assert made.no_speech and made.message == results.NO_WORDS and made.segments[0].dropped == "no_speech"
    assert made.language == "en"


@pytest.mark.parametrize(("events", "facts"), [([error(1)], Facts(3)), ([], Facts(3, pending=1))])
def test_what_has_failed_or_is_under_way_is_not_silence(events, facts):
    made = build(events, facts)
    assert not made.no_speech and made.message is None


def test_an_error_is_listed_and_what_was_heard_before_it_stays():
    events = [transcript(1, 0, 1), transcript(2, 1, 2, "And you?"), error(2, "the model broke"), error(None, "lost")]
    made = build(events, Facts(3, pending=1))
    assert made.text == "Good day. And you?"
    assert [segment.sentiment.reason for segment in made.segments] == [results.NOT_JUDGED_YET, "the model broke"]
    assert [(failure.segment, failure.code, failure.message) for failure in made.errors] == [
        (None, "broken", "lost"),
        (2, "broken", "the model broke"),
    ]
    assert made.sentiment.label is None and made.sentiment.reason == results.NOT_JUDGED_YET


def test_a_result_after_an_error_takes_its_place():
    made = build([error(1), result(1, 0, 1)], Facts(1))
    assert made.errors == [] and made.text == "Good day."


def test_the_language_is_the_one_that_was_spoken_longest():
    events = [result(1, 0, 1), result(2, 1, 2), result(3, 2, 7, "Guten Tag.", None, language="de")]
    assert build(events, Facts(7, language="en")).language == "de"


def test_times_that_make_no_sense_do_no_harm():
    made = build([result(1, -1, -2), result(2, 5, 4)], Facts(0))
    assert [(segment.start, segment.end) for segment in made.segments] == [(0, 0), (5, 5)]
    assert made.duration == 5 and made.statistics.words_per_minute is None


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["One.", "", "Two."], "One. Two."),
        (["我喜欢你。", "你好", "好", "Hello", "世界"], "我喜欢你。你好好 Hello 世界"),
        (["나는", "너를"], "나는 너를"),
        ([], ""),
    ],
)
def test_texts_are_joined_as_their_script_is_written(texts, whole):
    assert joined(texts) == whole


def test_it_is_read_back_as_it_was_written():
    words = [Word("Good", 0.0, 0.5, 0.9), Word("day.", 0.5, 1.0, 0.8)]
    made = build([result(1, 0, 1, words=words), error(2)], Facts(3, "a.wav"))
    assert codec.loads(codec.dumps(made), SpeechResult) == made
