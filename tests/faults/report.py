"""The table of a soak: what was thrown, what was accepted, what is missing or doubled, how fast it recovered."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from tests.bench.machine import machine
from tests.bench.percentile import percentile
from tests.faults.play import Outcome
from tests.faults.recovery import Figures, aim


def table(outcomes: Sequence[Outcome]) -> str:
    lines = ["seed    accepted  faults  missing  doubled  re-sent  differences"]
    for one in outcomes:
        numbers = f"{one.accepted:8}{len(one.thrown):8}{one.missing:9}{one.doubled:9}{one.resent:9}"
        lines.append(f"{one.seed:<8}{numbers}{len(one.differences):13}")
    sums = [sum(getattr(one, name) for one in outcomes) for name in ("accepted", "missing", "doubled", "resent")]
    faults = sum(len(one.thrown) for one in outcomes)
    lines += [f"all     {sums[0]:8}{faults:8}{sums[1]:9}{sums[2]:9}{sums[3]:9}", ""]
    lines.append(f"{'recovery after':44} faults  p50 s  max s  aim s")
    for kind, figures in recovery(outcomes).items():
        columns = [_seconds(value) for value in (figures.p50, figures.most, aim(kind))]
        lines.append(f"{kind:44} {figures.faults:6} {' '.join(columns)}")
    return "\n".join(lines)


def recovery(outcomes: Sequence[Outcome]) -> dict[str, Figures]:
    """Of all runs; the p50 is that of the runs' own."""
    kinds = sorted({kind for one in outcomes for kind in one.recovery})
    return {kind: _merged([one.recovery[kind] for one in outcomes if kind in one.recovery]) for kind in kinds}


def _merged(figures: Sequence[Figures]) -> Figures:
    faults = sum(one.faults for one in figures)
    middles = [one.p50 for one in figures if one.p50 is not None]
    most = [one.most for one in figures if one.most is not None]
    return Figures(faults, percentile(middles, 50) if middles else None, max(most) if most else None)


def _seconds(value: float | None) -> str:
    return "     -" if value is None else f"{value:6.1f}"


def write(outcomes: Sequence[Outcome], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    runs = [dataclasses.asdict(one) for one in outcomes]
    path.write_text(json.dumps({"machine": machine(), "runs": runs}, indent=1) + "\n")
