"""SENTIMENT_LANGUAGES."""

import pytest

from analyzer_worker.settings import languages
from contracts.env import SettingError


def test_languages() -> None:
    assert languages("en") == {"en"}
    assert languages(" EN, ko ,") == {"en", "ko"}
    assert languages("*") is None


@pytest.mark.parametrize("text", ["english", "en;ko", "en,*", ","])
def test_what_is_no_list_of_languages(text: str) -> None:
    with pytest.raises(SettingError, match="use language codes with commas"):
        languages(text)
