"""Which texts are judged, and how numbers become a label."""

from collections.abc import Sequence

import pytest

from analyzer_worker.sentiment import Judge
from contracts.names import NEGATIVE, NEUTRAL, POSITIVE


class WordModel:
    """Counts "good" against "bad"; a token is a word."""

    name = "words"
    classes = ("neg", "pos")
    window = 4

    def __init__(self) -> None:
        self.asked: list[str] = []

    def length(self, text: str) -> int:
        return len(text.split())

    def probabilities(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        rows = []
        for text in texts:
            good, bad = text.split().count("good") + 0.01, text.split().count("bad") + 0.01
            rows.append([bad / (good + bad), good / (good + bad)])
        return rows


def judge(languages: frozenset[str] | None = frozenset({"en"})) -> Judge:
    return Judge(WordModel(), (NEGATIVE, POSITIVE), languages)


@pytest.mark.parametrize(
    ("text", "label"), [("good", POSITIVE), ("bad", NEGATIVE), ("good bad", NEUTRAL), ("so so", NEUTRAL)]
)
def test_labels(text: str, label: str) -> None:
    sentiment = judge().judge(text, "en")
    assert sentiment.label == label
    assert sentiment.model == "words"
    assert sentiment.score == pytest.approx(sentiment.scores[POSITIVE] - sentiment.scores[NEGATIVE], abs=2e-4)


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("", "en", "no words"),
        (" \n", "en", "no words"),
        ("안녕", "ko", "the sentiment model knows en, not ko"),
        ("hm", None, "the language is not known"),
    ],
)
def test_no_guesses(text: str, language: str | None, reason: str) -> None:
    sentiment = judge().judge(text, language)
    assert (sentiment.label, sentiment.score, sentiment.scores, sentiment.reason) == (None, None, {}, reason)


def test_regions_and_case_of_a_language_do_not_matter() -> None:
    assert judge().judge("good", "EN-us").label == POSITIVE


@pytest.mark.parametrize("language", ["ko", None])
def test_a_multilingual_model_judges_everything(language: str | None) -> None:
    assert judge(languages=None).judge("good", language).label == POSITIVE


def test_a_long_text_is_judged_to_its_end() -> None:
    model = WordModel()
    sentiment = Judge(model, (NEGATIVE, POSITIVE), None).judge("It is so good. bad bad bad bad. bad bad bad bad.", "en")
    assert len(model.asked) == 3
    assert sentiment.label == NEGATIVE
