"""Runs as files."""

from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.row import QUICK, Row


def test_a_run_is_found_again(tmp_path: Path) -> None:
    rows = [Row("a", "what", "1", "2", True, {"n": 1})]
    made = report.make(rows, QUICK, whole=True, load_before=0.5)
    path = report.write(made, tmp_path / "new")
    assert path.parent == tmp_path / "new" and ":" not in path.name
    found = report.latest_whole(tmp_path / "new")
    assert report.rows(found) == rows
    assert found["machine"]["cores"] >= 1 and found["versions"]["python"].startswith("3.")
    assert found["settings"]["sentences"] == QUICK.sentences


def test_the_newest_whole_run_counts(tmp_path: Path) -> None:
    for day, whole in (("01", True), ("02", True), ("03", False)):
        report.write({"kind": "bench", "date": f"2026-01-{day}T00:00:00Z", "whole": whole}, tmp_path)
    assert report.latest_whole(tmp_path)["date"].startswith("2026-01-02")


def test_without_a_whole_run_it_says_what_to_do(tmp_path: Path) -> None:
    report.write({"kind": "bench", "date": "2026-01-01T00:00:00Z", "whole": False}, tmp_path)
    with pytest.raises(FileNotFoundError, match="make bench"):
        report.latest_whole(tmp_path)
