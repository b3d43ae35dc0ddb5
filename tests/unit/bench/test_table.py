"""The table on the terminal and in the document."""

import pytest

from tests.bench import table
from tests.bench.row import Row

ROWS = [
    Row("one", "a thing " * 20, "1 ms", "<= 2 ms", True),
    Row("two", "another", "9 %", "<= 3 %", False),
    Row("three", "a third", "7"),
]
REPORT = {
    "date": "2026-01-31T00:00:00Z",
    "commit": "abc",
    "machine": {"cpu": "A processor", "cores": 2, "flags": ["avx2"], "memory_gb": 25.2},
    "load": {"before": 0.1, "after": 1.2},
    "versions": dict.fromkeys(("python", "torch", "openai-whisper", "faster-whisper", "celery"), "1.0")
    | {"redis-server": "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc"},
}


def test_text_keeps_to_its_columns() -> None:
    lines = table.text(ROWS).splitlines()
    assert max(map(len, lines)) <= sum(table.WIDTHS) + 2 * (len(table.WIDTHS) - 1)
    assert [line.split()[-1] for line in lines if "<=" in line] == ["met", "met"]
    assert [line for line in lines if line.startswith("another")][0].endswith("not met")


def test_markdown_has_a_line_for_each_row() -> None:
    lines = table.markdown(ROWS).splitlines()
    assert len(lines) == 2 + len(ROWS)
    assert lines[3] == "| another | 9 % | <= 3 % | not met |"
    assert lines[4] == "| a third | 7 |  |  |"


def test_the_document_changes_between_its_markers_only() -> None:
    document = f"# Title\n{table.BEGIN}\nold\n{table.END}\nafter\n"
    new = table.into(document, REPORT, ROWS)
    assert new.startswith(f"# Title\n{table.BEGIN}\nTaken 2026-01-31T00:00:00Z at commit abc on A processor, 2 cores")
    assert new.endswith(f"{table.END}\nafter\n")
    assert "old" not in new and "redis-server 7.0.15." in new
    assert table.into(new, REPORT, ROWS) == new


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks its markers"):
        table.into("# Title\n", REPORT, ROWS)
