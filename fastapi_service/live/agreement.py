"""Which words of an unfinished utterance can be trusted: those that two successive hypotheses share.

Local agreement (Liu et al. 2020, "Low-latency sequence-to-sequence speech recognition"; made
popular by whisper_streaming), simple here because every hypothesis of an utterance begins at the
same sample: what two share is a common prefix of words. A stable word is never taken back.
"""

import re
import unicodedata

from fastapi_service.live.rules import Rules

# Scripts without spaces between words (Thai to Khmer, kana, Han): there each character counts as a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"\s*(?:[{_UNSPACED}]|[^\s{_UNSPACED}]+)")
_SENTENCE_END = re.compile(r"(?<!\.)[.?!。？！]['\")\]”’»」]*$")


def split(text: str) -> list[str]:
    """The words of `text` with the spaces and punctuation around them: joined they are `text.strip()`."""
    words: list[str] = []
    for piece in _WORD.findall(text.strip()):
        if words and (_attaches(piece) or not normal(words[-1])):
            words[-1] += piece
        else:
            words.append(piece)
    return words


def _attaches(piece: str) -> bool:
    """Punctuation alone, or a vowel sign that must stay with the letter before it."""
    return not normal(piece) or unicodedata.category(piece[0]).startswith("M")


def normal(word: str) -> str:
    """What counts when two words are compared: no case, no punctuation, no spaces."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "PSZC")


def ends_sentence(text: str) -> bool:
    """True after . ? ! and their full-width forms; an ellipsis is a pause, not an end."""
    return _SENTENCE_END.search(text.rstrip()) is not None


class Agreement:
    """The state of one utterance. `stable + tail` is what to show."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._stable: list[str] = []
        self._last: list[str] = []
        self._last_end = 0
        self.tail = ""

    @property
    def stable(self) -> str:
        return "".join(self._stable)

    def learn(self, text: str, end: int) -> None:
        """Take the next hypothesis, which covers the utterance up to sample `end`."""
        words = [word for word in split(text) if normal(word)]
        agreed = _common_prefix(self._last, words)
        if end - self._last_end < self._rules.agreement_margin:
            # Both heard nearly the same: they agree even about a last word that is not finished yet.
            agreed = min(agreed, len(self._last) - 1, len(words) - 1)
        shown = len(self._stable)
        if agreed > shown and _common_prefix(self._stable, words) == shown:
            self._stable += words[shown:agreed]
        self._last, self._last_end = words, end
        self.tail = "".join(words[len(self._stable) :])


def _common_prefix(one: list[str], other: list[str]) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if normal(a) != normal(b):
            break
        count += 1
    return count
