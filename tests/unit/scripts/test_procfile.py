"""The Procfile reader."""

from pathlib import Path

import pytest

from scripts import procfile


def test_names_and_lines_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("# comment\nb: python -m b --x=1:2\n\na: python -m a\n")
    assert list(procfile.lines(path).items()) == [("b", "python -m b --x=1:2"), ("a", "python -m a")]


def test_a_line_without_command_is_named(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("a: python\nnonsense\n")
    with pytest.raises(ValueError, match="Procfile line 2 is not 'name: command': 'nonsense'"):
        procfile.lines(path)
