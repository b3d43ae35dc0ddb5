"""Which model is used, from the setting and the facts."""

from pathlib import Path

import pytest

from analyzer_worker.models import ModelError
from analyzer_worker.models.choice import DEMO_NAME, Choice, choose

NAME = "owner/model"


def never_asked(_: str) -> str | None:
    raise AssertionError("the hub was asked")


def not_cached(_: str) -> Path | None:
    return None


def away(_: str) -> str | None:
    return "the hub does not answer"


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    directory = tmp_path / "shipped"
    directory.mkdir()
    (directory / "config.json").write_text("{}")
    return directory


def test_a_directory_is_used_without_asking_anybody(tmp_path: Path) -> None:
    assert choose(str(tmp_path), "auto", not_cached, never_asked) == Choice(tmp_path.name, tmp_path)


def test_an_earlier_download_is_used_without_asking(tmp_path: Path) -> None:
    assert choose(NAME, "never", lambda _: tmp_path, never_asked) == Choice(NAME, tmp_path)


@pytest.mark.parametrize("demo", ["never", "auto"])
def test_a_hub_that_answers_is_used(demo: str, shipped: Path) -> None:
    assert choose(NAME, demo, not_cached, lambda _: None, shipped) == Choice(NAME, None)


def test_without_a_hub_auto_takes_the_shipped_model_and_says_so(shipped: Path) -> None:
    choice = choose(NAME, "auto", not_cached, away, shipped)
    assert (choice.name, choice.path, choice.demo) == (DEMO_NAME, shipped, True)
    assert choice.note == "SENTIMENT_MODEL=owner/model is not on this machine and the hub does not answer"


def test_without_a_hub_never_refuses_and_says_what_to_do(shipped: Path) -> None:
    with pytest.raises(ModelError, match="the hub does not answer. Start once with a connection, or set"):
        choose(NAME, "never", not_cached, away, shipped)


def test_always_looks_nowhere_else(shipped: Path) -> None:
    assert choose("/no/such", "always", not_cached, never_asked, shipped).demo


def test_a_shipped_model_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="shipped model is missing"):
        choose(NAME, "always", not_cached, never_asked, tmp_path)


@pytest.mark.parametrize("name", ["/no/such/model", "./model", "~/model", "a/b/c", "no-model/"])
@pytest.mark.parametrize("demo", ["never", "auto"])
def test_a_path_that_is_not_there_is_no_hub_name(name: str, demo: str, shipped: Path) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        choose(name, demo, not_cached, never_asked, shipped)


def test_a_file_is_no_model(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"")
    with pytest.raises(ModelError, match="is a file, not a directory"):
        choose(str(file), "never", not_cached, never_asked)
