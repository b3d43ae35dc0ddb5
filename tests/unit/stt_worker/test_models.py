"""WHISPER_MODEL and DEMO_MODELS: a path, a known name, or the small shipped model."""

from pathlib import Path

import pytest

from stt_worker import models
from stt_worker.loading import ModelError, Source
from tests.fakes import ScriptedLoader

OFFLINE = "https://models.example/base.pt cannot be reached (no route)"


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    path = tmp_path / "speech.pt"
    path.write_bytes(b"PK")
    return path


def resolve(wanted: str, demo: str, shipped: Path, obstacle: str | None = None) -> Source:
    return models.resolve(wanted, demo, "", ScriptedLoader(obstacle), shipped)


def test_a_name_that_can_be_had(shipped: Path) -> None:
    assert resolve("base", "auto", shipped) == Source("base", "base")


def test_always_means_the_shipped_one(shipped: Path) -> None:
    assert resolve("base", "always", shipped) == Source("demo-speech", str(shipped), demo=True)


def test_auto_falls_back_only_when_the_name_cannot_be_had(shipped: Path) -> None:
    assert resolve("base", "auto", shipped, OFFLINE).demo


def test_never_says_why_and_what_to_do(shipped: Path) -> None:
    with pytest.raises(ModelError, match="'base' is not here and cannot be downloaded: .*no route.*DEMO_MODELS=auto"):
        resolve("base", "never", shipped, OFFLINE)


def test_an_unknown_name_lists_the_known_ones(shipped: Path) -> None:
    with pytest.raises(ModelError, match="'bse' is neither a file nor a model that scripted knows: base, tiny"):
        resolve("bse", "auto", shipped)


def test_a_path_is_never_replaced(shipped: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such file"):
        resolve(str(tmp_path / "gone.pt"), "auto", shipped)
    other = tmp_path / "mine.pt"
    other.write_bytes(b"PK")
    assert resolve(str(other), "auto", shipped) == Source("mine.pt", str(other))


def test_the_shipped_file_is_a_demo_however_it_is_named(shipped: Path) -> None:
    assert resolve(str(shipped), "never", shipped).demo


def test_a_missing_shipped_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the shipped speech model is not at"):
        resolve("base", "always", tmp_path / "speech.pt")


def test_an_unreachable_address_is_described() -> None:
    assert "cannot be reached" in (models.unreachable("http://127.0.0.1:9/model.pt", seconds=1) or "")
