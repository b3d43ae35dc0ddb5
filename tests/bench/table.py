"""Rows as text for a terminal and as Markdown for the documentation: pure."""

import textwrap
from collections.abc import Sequence
from typing import Any

from tests.bench.row import Row

HEADERS = ("what", "measured", "goal", "")
WIDTHS = (56, 48, 24, 7)
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def verdict(row: Row) -> str:
    return {True: "met", False: "not met", None: ""}[row.met]


def text(rows: Sequence[Row]) -> str:
    """Columns of fixed width, long cells on several lines."""
    lines = [*_lines(HEADERS), "  ".join("-" * width for width in WIDTHS)]
    for row in rows:
        lines += _lines((row.what, row.value, row.goal, verdict(row)))
    return "\n".join(lines) + "\n"


def markdown(rows: Sequence[Row]) -> str:
    lines = ["| what | measured | goal | |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.value} | {row.goal} | {verdict(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def taken_on(report: dict[str, Any]) -> str:
    """One paragraph: date, commit, machine, load, versions."""
    machine, load = report["machine"], report["load"]
    named = ("python", "torch", "openai-whisper", "faster-whisper", "celery", "redis-server")
    short = [f"{name} {_number(report['versions'][name])}" for name in named]
    return (
        f"Taken {report['date']} at commit {report['commit']} on {machine['cpu']}, {machine['cores']} cores "
        f"({', '.join(machine['flags']) or 'no vector extensions named'}), {machine['memory_gb']:.0f} GB; "
        f"load {load['before']} before and {load['after']} after; {', '.join(short)}.\n"
    )


def into(document: str, report: dict[str, Any], rows: Sequence[Row]) -> str:
    """`document` with what stands between its two markers replaced. Raises ValueError without them."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks its markers {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{taken_on(report)}\n{markdown(rows)}{END}{tail}"


def _lines(cells: Sequence[str]) -> list[str]:
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, WIDTHS, strict=True)]
    height = max(map(len, columns))
    padded = [column + [""] * (height - len(column)) for column in columns]
    return [
        "  ".join(part.ljust(width) for part, width in zip(line, WIDTHS, strict=True)).rstrip()
        for line in zip(*padded, strict=True)
    ]


def _number(version: str) -> str:
    """`Redis server v=7.0.15 sha=...` -> `7.0.15`"""
    return next((part[2:] for part in version.split() if part.startswith("v=")), version)
