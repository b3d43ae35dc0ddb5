"""What is dropped and, as important, what is not."""

import pytest

from stt_worker import filters
from stt_worker.engines.protocol import Attempt

SURE = {"avg_logprob": -0.2, "no_speech_prob": 0.01}
UNSURE = {"avg_logprob": -0.7, "no_speech_prob": 0.4}


def judged(
    text: str, language: str = "en", seconds: float = 4.0, speech: float = 3.0, **numbers: float
) -> filters.Verdict:
    return filters.judge(Attempt(text, **(SURE | numbers)), language, seconds, speech)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The weather was wonderful today.", "en"),
        ("Thank you.", "en"),
        ("No, no, no, no!", "en"),
        ("감사합니다.", "ko"),
        ("오늘 영화는 정말 재미있었어요.", "ko"),
        ("Thank you for watching the children while I was away.", "en"),
        ("Bye bye bye bye bye bye.", "en"),
    ],
)
def test_real_speech_is_kept(text: str, language: str) -> None:
    assert judged(text, language) == filters.Verdict(text)


@pytest.mark.parametrize("text", ["", "  ", "...", " ♪ "])
def test_no_words(text: str) -> None:
    assert judged(text).dropped == "no_speech"


def test_no_speech_needs_both_signs() -> None:
    assert judged("so it goes", no_speech_prob=0.9, avg_logprob=-1.1).dropped == "no_speech"
    assert judged("so it goes", no_speech_prob=0.9, avg_logprob=-0.4).dropped is None


def test_a_scrap_of_text_needs_less_to_go() -> None:
    assert judged("The", no_speech_prob=0.8, avg_logprob=-0.9).dropped == "no_speech"
    assert judged("The view was good", no_speech_prob=0.8, avg_logprob=-0.9).dropped is None
    assert judged("Yes.", no_speech_prob=0.8, avg_logprob=-0.3).dropped is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thanks for watching!", "en"),
        ("Thank you so much for watching and see you next time.", "en"),
        ("Subtitles by the Amara.org community", "en"),
        ("시청해 주셔서 감사합니다.", "ko"),
        ("시청해주셔서 감사합니다", "ko"),
        ("구독과 좋아요 부탁드립니다!", "ko"),
        ("다음 영상에서 만나요.", "ko"),
        ("MBC 뉴스 이덕영입니다.", "ko"),
        ("ご視聴ありがとうございました", "ja"),
    ],
)
def test_credits_go_when_anything_speaks_against_them(text: str, language: str) -> None:
    assert judged(text, language, **UNSURE).dropped == "hallucination"
    assert judged(text, language, speech=0.8).dropped == "hallucination"
    assert judged(text, language).dropped is None


@pytest.mark.parametrize(("text", "language"), [("Thank you.", "en"), ("감사합니다.", "ko"), ("네.", "ko")])
def test_pleasantries_need_more_than_being_short(text: str, language: str) -> None:
    assert judged(text, language, speech=0.6).dropped is None
    assert judged(text, language, **UNSURE).dropped == "hallucination"


def test_a_loop_that_nobody_can_say_is_dropped() -> None:
    assert judged("very " * 40, seconds=3.0).dropped == "repetition"


def test_a_sentence_before_a_loop_is_kept() -> None:
    verdict = judged("We went to the park " + "and then " * 30, seconds=3.0)
    assert verdict == filters.Verdict("We went to the park and then", shortened=True)


def test_a_loop_at_a_human_pace_is_kept() -> None:
    text = "no " * 14 + "no"
    assert judged(text, seconds=5.0, speech=4.5).text == text


def test_more_letters_than_a_mouth_can_make() -> None:
    text = "the quick brown fox jumps over the lazy dog while five wizards box"
    assert judged(text, seconds=1.0, speech=0.9).dropped == "impossible_rate"


def test_low_confidence_alone_must_be_very_low() -> None:
    assert judged("a mumbled remark", avg_logprob=-1.2).dropped is None
    assert judged("a mumbled remark", avg_logprob=-1.2, speech=0.5).dropped == "low_confidence"
    assert judged("a mumbled remark", avg_logprob=-1.8).dropped == "low_confidence"


def test_confidence_is_a_probability() -> None:
    assert filters.confidence(Attempt("", 0.0, 0.0)) == 1.0
    assert filters.confidence(Attempt("", -1.0, 0.0)) == 0.3679
