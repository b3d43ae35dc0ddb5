"""A benchmark run as data: made, written, found again."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench import machine
from tests.bench.row import Row, Scale

KIND = "bench"


def make(rows: Sequence[Row], scale: Scale, whole: bool, load_before: float) -> dict[str, Any]:
    """`whole`: every measurement at its full scale, fit for the documentation."""
    return {
        "kind": KIND,
        "date": machine.now(),
        "commit": machine.commit(),
        "whole": whole,
        "machine": machine.machine(),
        "load": {"before": load_before, "after": machine.load()},
        "versions": machine.versions(),
        "settings": asdict(scale),
        "rows": [asdict(row) for row in rows],
    }


def write(report: dict[str, Any], folder: Path) -> Path:
    """One file per run, named by its date."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report['date'].replace(':', '')}.json"
    path.write_text(json.dumps(report, indent=2) + "\n")
    return path


def latest_whole(folder: Path) -> dict[str, Any]:
    """Raises FileNotFoundError when no whole run was kept."""
    for path in sorted(folder.glob("*.json"), reverse=True):
        report: dict[str, Any] = json.loads(path.read_text())
        if report.get("kind") == KIND and report.get("whole"):
            return report
    raise FileNotFoundError(f"no whole run in {folder}; run `make bench` first")


def rows(report: dict[str, Any]) -> list[Row]:
    return [Row(**row) for row in report["rows"]]
