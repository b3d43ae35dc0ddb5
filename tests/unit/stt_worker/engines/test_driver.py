"""The driver against a scripted engine: how often it encodes, and which attempt it keeps."""

import numpy as np
import pytest

from contracts.audio import Samples
from stt_worker.engines import driver
from stt_worker.engines.protocol import Attempt, CannotTranscribe, Options, Piece, TimedWord
from tests.fakes import ScriptedEngine

GOOD = Attempt("it was a good day", -0.2, 0.01)
WORDED = Attempt("it was", -0.2, 0.01, pieces=(Piece(1, b" it"), Piece(2, b" was")))
BAD = Attempt("mumble", -1.4, 0.1)


def audio(seconds: float = 3.0) -> Samples:
    return np.zeros(int(seconds * 16000), dtype=np.float32)


def test_one_encoding_serves_the_language_and_the_text() -> None:
    engine = ScriptedEngine([GOOD])
    heard = driver.transcribe(engine, audio(), Options())
    assert engine.encoded == [1500]
    assert (heard.encoder_passes, heard.attempts, heard.language, heard.language_probability) == (1, 1, "ko", 0.9)
    assert heard.attempt is GOOD
    assert engine.asked[0].language == "ko"


def test_a_given_language_is_not_detected() -> None:
    engine = ScriptedEngine([GOOD])
    heard = driver.transcribe(engine, audio(), Options(language="en"))
    assert (heard.language, heard.language_probability) == ("en", None)
    assert engine.detections == 0


def test_temperatures_share_the_encoding() -> None:
    engine = ScriptedEngine([BAD, BAD, GOOD])
    heard = driver.transcribe(engine, audio(), Options(language="en"))
    assert [how.temperature for how in engine.asked] == [0.0, 0.2, 0.4]
    assert (heard.encoder_passes, heard.attempts, heard.attempt) == (1, 3, GOOD)


def test_a_bad_short_context_is_tried_again_padded() -> None:
    engine = ScriptedEngine([BAD, GOOD])
    heard = driver.transcribe(engine, audio(), Options(language="en", context="auto"))
    assert engine.encoded == [320, 1500]
    assert [how.temperature for how in engine.asked] == [0.0, 0.0]
    assert (heard.encoder_passes, heard.attempt) == (2, GOOD)


def test_a_partial_is_asked_once_whatever_it_gives() -> None:
    engine = ScriptedEngine([BAD])
    heard = driver.transcribe(engine, audio(), Options(quick=True, context="auto"))
    assert (heard.encoder_passes, heard.attempts, heard.attempt) == (1, 1, BAD)


def test_when_nothing_helps_the_likeliest_that_ended_by_itself_is_kept() -> None:
    runaway = Attempt("la la la", -0.1, 0.0, stopped=True)
    worse = Attempt("grumble", -1.9, 0.0)
    heard = driver.transcribe(ScriptedEngine([runaway, worse, BAD]), audio(), Options(language="en"))
    assert heard.attempt is BAD


def test_english_only_model() -> None:
    engine = ScriptedEngine([GOOD], languages=("en",))
    heard = driver.transcribe(engine, audio(), Options())
    assert (heard.language, heard.language_probability, engine.detections) == ("en", None, 0)


def test_words_have_times_where_asked() -> None:
    heard = driver.transcribe(ScriptedEngine([WORDED]), audio(), Options(words=True))
    assert heard.words == (TimedWord("it", 0.0, 0.02, 0.5), TimedWord("was", 0.02, 0.04, 0.5))
    assert driver.transcribe(ScriptedEngine([WORDED]), audio(), Options()).words is None


@pytest.mark.parametrize("text", ["", "..."])
def test_a_text_without_words_is_not_looked_for(text: str) -> None:
    engine = ScriptedEngine([Attempt(text, -0.2, 0.01, pieces=(Piece(1, text.encode()),))])
    engine.hearing = AssertionError("it was")
    assert driver.transcribe(engine, audio(), Options(words=True)).words == ()


def test_words_that_cannot_be_found_leave_the_text_and_a_line(caplog: pytest.LogCaptureFixture) -> None:
    engine = ScriptedEngine([WORDED])
    engine.hearing = ValueError("9 tokens cannot be placed in 3 positions")
    heard = driver.transcribe(engine, audio(), Options(words=True))
    assert (heard.attempt.text, heard.words) == ("it was", ())
    [line] = caplog.records
    assert line.message == "word times not found" and "cannot be placed" in str(line.exc_info)


@pytest.mark.parametrize(
    ("options", "seconds", "languages", "code"),
    [
        (Options(), 0.0, ("en", "ko"), "no_audio"),
        (Options(), 30.1, ("en", "ko"), "audio_too_long"),
        (Options(task="sing"), 1.0, ("en", "ko"), "bad_task"),
        (Options(language="xx"), 1.0, ("en", "ko"), "unsupported_language"),
        (Options(language="ko"), 1.0, ("en",), "unsupported_language"),
        (Options(task="translate"), 1.0, ("en",), "unsupported_task"),
    ],
)
def test_refusals_come_before_any_work(options: Options, seconds: float, languages: tuple[str, ...], code: str) -> None:
    engine = ScriptedEngine([GOOD], languages=languages)
    with pytest.raises(CannotTranscribe) as refusal:
        driver.transcribe(engine, audio(seconds), options)
    assert refusal.value.code == code
    assert engine.encoded == []
