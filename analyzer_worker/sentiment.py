"""From a text to a `Sentiment`: which texts are judged, and how the model's numbers become a label."""

from dataclasses import dataclass

from analyzer_worker import labels, sentences
from analyzer_worker.models import SentimentModel
from contracts.messages import Sentiment
from contracts.names import NEGATIVE, POSITIVE
from contracts.polarity import label_of


@dataclass(frozen=True)
class Judge:
    """`meaning` holds what each class of the model stands for (`labels.meanings`); `languages` is
    None when the model knows every language."""

    model: SentimentModel
    meaning: tuple[str, ...]
    languages: frozenset[str] | None

    def judge(self, text: str, language: str | None) -> Sentiment:
        reason = self._refusal(text, language)
        if reason:
            return Sentiment(label=None, score=None, scores={}, model=self.model.name, reason=reason)
        scores = self._scores(text)
        score = scores[POSITIVE] - scores[NEGATIVE]
        rounded = {label: round(value, 4) for label, value in scores.items()}
        return Sentiment(label=label_of(score), score=round(score, 4), scores=rounded, model=self.model.name)

    def _refusal(self, text: str, language: str | None) -> str | None:
        if not text.strip():
            return "no words"
        if self.languages is None:
            return None
        if language is None:
            return "the language is not known"
        if language.lower().split("-")[0] not in self.languages:
            return f"the sentiment model knows {', '.join(sorted(self.languages))}, not {language}"
        return None

    def _scores(self, text: str) -> dict[str, float]:
        parts = [p for p in sentences.pieces(text, self.model.length, self.model.window) if p.strip()]
        judged = [labels.combine(self.meaning, row) for row in self.model.probabilities(parts)]
        return sentences.weighted(judged, [self.model.length(part) for part in parts])
