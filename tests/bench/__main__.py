"""`make bench`: measure, print a table, write JSON into bench-results/.

`--only NAME` measures one thing, `--quick` everything a little (its numbers mean nothing),
`--docs` measures nothing and puts the newest whole run into docs/benchmark.md.
"""

import argparse
import importlib
import sys
import traceback
from pathlib import Path

from scripts.procfile import ROOT
from tests.bench import machine, report, table
from tests.bench.row import FULL, QUICK, Row, Scale

MEASUREMENTS = {
    "latency": "tests.bench.latency",
    "voice": "tests.bench.hearing",
    "streams": "tests.bench.streams",
    "encoder": "tests.bench.passes",
    "request": "tests.bench.stock",
    "partials": "tests.bench.uplift",
    "recordings": "tests.bench.recordings",
    "words": "tests.bench.aligning",
}
"""Imported when measured: some bring a model library with them."""

DOCUMENT = ROOT / "docs" / "benchmark.md"


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.docs:
        return _document(options.results)
    scale = QUICK if options.quick else FULL
    names = options.only or list(MEASUREMENTS)
    load_before = machine.load()
    rows, failed = _measure(names, scale)
    whole = not options.quick and not failed and len(names) == len(MEASUREMENTS)
    made = report.make(rows, scale, whole, load_before)
    path = report.write(made, options.results)
    sys.stdout.write(f"\n{table.text(rows)}\n{table.taken_on(made)}\nWritten to {path}\n")
    return 1 if failed else 0


def _measure(names: list[str], scale: Scale) -> tuple[list[Row], list[str]]:
    """The rows, and the measurements that failed; one of them does not take the others with it."""
    rows: list[Row] = []
    failed: list[str] = []
    for name in names:
        sys.stderr.write(f"measuring {name} ...\n")
        try:
            rows += importlib.import_module(MEASUREMENTS[name]).measure(scale)
        except Exception:  # a measurement may fail in any way; the table says so and the status is 1
            traceback.print_exc()
            failed.append(name)
            rows.append(Row(name, f"{name}: the measurement failed, see above", "none", met=False))
    return rows, failed


def _document(results: Path) -> int:
    try:
        newest = report.latest_whole(results)
    except FileNotFoundError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    DOCUMENT.write_text(table.into(DOCUMENT.read_text(), newest, report.rows(newest)))
    sys.stdout.write(f"{DOCUMENT.relative_to(ROOT)} now shows the run of {newest['date']}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small pass of everything; its numbers mean nothing")
    parser.add_argument("--only", action="append", choices=list(MEASUREMENTS), help="measure this alone (repeatable)")
    parser.add_argument("--docs", action="store_true", help="put the newest whole run into docs/benchmark.md")
    parser.add_argument("--results", type=Path, default=ROOT / "bench-results", help="folder of the JSON files")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
