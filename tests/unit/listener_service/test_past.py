from pathlib import Path

import pytest

from listener_service.past import after, is_newer, recent_ids


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    (tmp_path / "log.2").write_text("a id=1-0\nb id=2-0\n")
    (tmp_path / "log.1").write_text('c "said id=9-9" id=3-0\nSTATISTICS scope=all\nd before=4-0\n')
    (tmp_path / "log").write_text("e id=4-0\nf id=5-0\ng id=6-")
    return [tmp_path / "log", tmp_path / "log.1", tmp_path / "log.2"]


def test_ids_of_whole_lines_the_oldest_first(paths: list[Path]) -> None:
    assert recent_ids(paths, 10) == ["1-0", "2-0", "3-0", "4-0", "5-0"]
    assert recent_ids(paths[:2], 2) == ["4-0", "5-0"]


def test_a_line_that_only_lacks_its_end_is_torn(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a id=1-0\nb id=2-0")
    assert recent_ids([tmp_path / "log"], 10) == ["1-0"]
    assert after([tmp_path / "log"], None) == ["a id=1-0"]


@pytest.mark.parametrize(
    ("mark", "first"),
    [(None, "a"), ("id=1-0", "b"), ("id=3-0", "STATISTICS"), ("before=4-0", "e"), ("id=4-0", "f"), ("id=5-0", None)],
)
def test_lines_behind_a_mark(paths: list[Path], mark: str | None, first: str | None) -> None:
    assert [text.split()[0] for text in after(paths, mark)][:1] == ([first] if first else [])


def test_without_the_marked_line_those_of_newer_entries(paths: list[Path]) -> None:
    assert after(paths, "id=2-5") == ['c "said id=9-9" id=3-0', "d before=4-0", "e id=4-0", "f id=5-0"]
    assert after(paths, "id=7-0") == []


def test_no_more_than_the_bound_is_read(paths: list[Path]) -> None:
    assert after(paths, None, most=40) == ["d before=4-0", "e id=4-0", "f id=5-0"]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "null").symlink_to("/dev/null")
    assert after([tmp_path / "log", tmp_path / "null", tmp_path], "id=1-0") == []
    assert recent_ids([tmp_path / "log"], 10) == []


def test_which_mark_is_newer() -> None:
    assert is_newer("id=10-0", "id=9-5")
    assert not is_newer("before=9-5", "id=9-5")
    assert is_newer("id=1-0", None)
    assert not is_newer(None, "id=1-0")
