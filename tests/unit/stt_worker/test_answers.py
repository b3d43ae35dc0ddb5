"""The words of an answer: in session time, inside the utterance, those of the text that was kept."""

from contracts.messages import TranscribeTask, Transcript, Word
from stt_worker import answers, filters
from stt_worker.answers import Kept, Label
from stt_worker.engines.protocol import Attempt, TimedWord, Transcription

TASK = TranscribeTask("s", 1, start=3.0, end=5.0, words=True)


def heard(text: str) -> Transcription:
    """A word every half second."""
    words = tuple(TimedWord(word, 0.5 * n, 0.5 * n + 0.4, 0.9) for n, word in enumerate(text.split()))
    return Transcription(Attempt(text, -0.1, 0.0), "en", words=words)


def answer(task: TranscribeTask, heard: Transcription) -> Transcript:
    verdict = filters.judge(heard.attempt, "en", 2.0, 2.0)
    return answers.transcript(task, heard, Kept(verdict.text, verdict.dropped, 0.9), Label("e", "m"), (1.0, 2.0))


def test_words_are_in_session_time_and_inside_the_utterance() -> None:
    words = answer(TASK, heard("It was a good day.")).words or []
    times = [(word.word, word.start, word.end) for word in words]
    assert times == [("It", 3.0, 3.4), ("was", 3.5, 3.9), ("a", 4.0, 4.4), ("good", 4.5, 4.9), ("day.", 5.0, 5.0)]


def test_words_that_nobody_asked_for_are_null() -> None:
    assert answer(TranscribeTask("s", 1, start=3.0, end=5.0), heard("It was a good day.")).words is None


def test_a_shortened_text_has_the_words_that_are_left() -> None:
    transcript = answer(TASK, heard("so it " + "goes " * 99))
    assert transcript.text == "so it goes"
    assert transcript.words == [Word("so", 3.0, 3.4, 0.9), Word("it", 3.5, 3.9, 0.9), Word("goes", 4.0, 4.4, 0.9)]


def test_a_dropped_text_has_none_and_neither_has_the_result() -> None:
    transcript = answer(TASK, heard("goes " * 99))
    assert (transcript.dropped, transcript.words) == ("repetition", [])
    assert answers.wordless(transcript, TASK, 3.0).words == []


def test_words_that_were_not_found_leave_the_text() -> None:
    transcript = answer(TASK, Transcription(Attempt("It was a good day.", -0.1, 0.0), "en", words=()))
    assert (transcript.text, transcript.words) == ("It was a good day.", [])
