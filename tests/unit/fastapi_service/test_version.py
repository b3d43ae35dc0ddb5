import tomllib
from pathlib import Path

from fastapi_service import __version__


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert project["project"]["version"] == __version__
