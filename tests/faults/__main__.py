"""`make soak`: faults thrown at a running pipeline, seed after seed, and a table of what came of it.

Ends with 1 when an utterance is missing or doubled, or the books differ in any other way; then the seed is
added to `seeds.json`, and `make test` plays it from then on. With `--calm` it says, too, what recovered later
than it should (`recovery.AIMS`). Of such runs the processes' logs are kept.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.faults import report, seeds
from tests.faults.kinds import KINDS, LASTING_POISON
from tests.faults.play import Outcome, Script, perform
from tests.faults.recovery import is_late
from tests.faults.stage import Cast

RESULTS = Path("bench-results")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description="Throw faults and check the books.")
    parser.add_argument("--minutes", type=float, default=30, help="in all")
    parser.add_argument("--each", type=float, default=5, help="minutes of one seed")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the first one")
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--long", type=float, default=20, help="seconds of the longest lasting fault")
    parser.add_argument("--calm", action="store_true", help="one fault at a time: recovery times are each one's own")
    parser.add_argument("--kinds", nargs="*", default=[], metavar="KIND", help=f"of: {', '.join(KINDS)}")
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    end = time.time() + 60 * options.minutes
    while time.time() < end:
        seed = options.seed + len(outcomes)
        kinds = {name: KINDS[name] for name in options.kinds} or KINDS | LASTING_POISON
        seconds = min(60 * options.each, end - time.time())
        script = Script(
            seed,
            seconds,
            options.clients,
            calm=options.calm,
            long=options.long,
            kinds=kinds,
            cast=Cast(settings={"STT_DEADLINE_SECONDS": "6"}),
        )
        with tempfile.TemporaryDirectory(prefix=f"soak-{seed}-") as directory:
            outcome = perform(Path(directory), script)
            late = [kind for kind, figures in outcome.recovery.items() if is_late(kind, figures)]
            if outcome.differences:
                seeds.keep(outcome.seed)
            if outcome.differences or (options.calm and late):
                tell(outcome, late, Path(directory))
        outcomes.append(outcome)
        sys.stdout.write(f"seed {seed}: {outcome.accepted} accepted, {len(outcome.thrown)} faults\n")
        sys.stdout.flush()
    path = RESULTS / time.strftime("soak-%Y%m%d-%H%M%S.json")
    report.write(outcomes, path)
    sys.stdout.write(f"\n{report.table(outcomes)}\n\nIn {path}\n")
    return int(any(outcome.differences for outcome in outcomes))


def tell(outcome: Outcome, late: Sequence[str], directory: Path) -> None:
    """Show what differs, what took longer than it should and when what was thrown, and keep what the processes
    wrote."""
    kept = RESULTS / f"soak-{outcome.seed}"
    kept.mkdir(parents=True, exist_ok=True)
    for log in [*directory.glob("*.log"), *directory.glob("logs/*")]:
        (kept / log.name).write_bytes(log.read_bytes())
    timeline = [f"{fault.at:.3f} {fault.kind} ({fault.target})" for fault in outcome.thrown]
    slow = [f"recovered late: {kind}" for kind in late]
    text = "\n".join([f"seed {outcome.seed}:", *outcome.differences, *slow, "", *timeline])
    (kept / "differences.txt").write_text(text + "\n")
    sys.stdout.write(f"{text}\nlogs in {kept}\n")


if __name__ == "__main__":
    sys.exit(main())
