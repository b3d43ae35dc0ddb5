"""One person speaks for an hour, faster than real time, to the whole pipeline with the shipped models:

    python -m tests.faults.hour [--minutes 60] [--pace 20]

Audio time is a sample count, so that an hour is an hour at any pace. Shows whether it drifted, and the
memory of every process on the way. Ends with 1 when the books are not right.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from contracts.audio import SAMPLE_RATE
from tests.eventually import eventually
from tests.faults import collect, invariants
from tests.faults.client import Client, Party
from tests.faults.evidence import FINAL, Evidence
from tests.faults.play import rss
from tests.faults.speech import Manner
from tests.faults.stage import ANALYZER, GATEWAYS, LISTENER, STT, SWEEPER, Cast, Stage

CAST = Cast(
    names=(STT[0], ANALYZER, LISTENER, SWEEPER, GATEWAYS[0]),
    shipped=(STT[0], ANALYZER),
    settings={"STATISTICS_SECONDS": "60"},
)
PARTS = 10
END_SECONDS = 300
PAUSE = 2 * SAMPLE_RATE

Memory = dict[str, float]


def speak(directory: Path, minutes: float, pace: float) -> tuple[list[Memory], Evidence]:
    """MiB of each process after each part of the hour, the first at its beginning; and the books."""
    with Stage(directory, CAST) as stage, Party() as party:
        stage.wait_ready()
        client = party.join("speaker", stage.client_urls("speaker"), 1, Manner(pace, whole=True, gap=PAUSE))
        memory = [_memory(stage)]
        for part in range(1, PARTS + 1):
            samples = round(60 * minutes * SAMPLE_RATE * part / PARTS)
            eventually(lambda samples=samples: _has_given(party, client, samples), 60 * minutes + END_SECONDS, 0.2)
            memory.append(_memory(stage))
            sys.stderr.write(f"{minutes * part / PARTS:.0f} min of audio\n")
        party.finish()
        eventually(lambda: not party.speaking, END_SECONDS)
        eventually(lambda: not collect.left_over(stage.redis))
        stage.hold(LISTENER)  # asked to end it writes its last statistics
        return memory, collect.evidence(stage.redis, stage.files(), party.clients, collect.Trimmings())


def _has_given(party: Party, client: Client, samples: int) -> bool:
    if not party.speaks(client):
        raise RuntimeError(f"it ended early: {client.trouble}")
    return client.speech.given >= samples


def _memory(stage: Stage) -> Memory:
    return {name: rss(process.pid) for name, process in stage.processes.items()}


def offsets(evidence: Evidence) -> list[float]:
    """Of each thing said: by how many seconds its utterance begins before it (pre-roll) or after."""
    (witness,), (kept,) = evidence.witnesses, evidence.sessions.values()
    ends = [event for event in kept.events if event.kind in FINAL]
    found = []
    for spoken in witness.spoken:
        begin, middle = spoken.start / SAMPLE_RATE, (spoken.start + spoken.end) / 2 / SAMPLE_RATE
        at = next(event.start for event in ends if (event.start or 0.0) <= middle <= (event.end or 0.0))
        found.append((at or 0.0) - begin)
    return found


def told(memory: Sequence[Mapping[str, float]], evidence: Evidence, minutes: float) -> str:
    (witness,) = evidence.witnesses
    samples, utterances = witness.done or (0, 0)
    found = offsets(evidence)
    tenth = max(1, len(found) // 10)
    first, last = (1000 * statistics.median(part) for part in (found[:tenth], found[-tenth:]))
    lines = [
        f"{samples / SAMPLE_RATE:.3f} s of audio counted by the server, {witness.given / SAMPLE_RATE:.3f} s spoken",
        f"{utterances} utterances for {len(found)} sentences",
        f"an utterance begins {first:+.0f} ms from its sentence (p50) in the first tenth, {last:+.0f} ms in the last",
        "",
        f"| MiB after (min of audio) | {' | '.join(f'{minutes * part / PARTS:g}' for part in _shown())} |",
        f"|---|{'--:|' * len(_shown())}",
    ]
    for name in memory[0]:
        lines.append(f"| `{name}` | {' | '.join(f'{memory[part][name]:.0f}' for part in _shown())} |")
    return "\n".join(lines)


def _shown() -> Sequence[int]:
    return 0, 1, 2, 5, 8, PARTS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.hour", description="An hour of live speech.")
    parser.add_argument("--minutes", type=float, default=60, help="of audio")
    parser.add_argument("--pace", type=float, default=20, help="times real time, or as fast as the server takes it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hour-") as directory:
        memory, evidence = speak(Path(directory), options.minutes, options.pace)
    differences = invariants.differences(evidence)
    sys.stdout.write("\n".join([*differences, told(memory, evidence, options.minutes)]) + "\n")
    return int(bool(differences))


if __name__ == "__main__":
    sys.exit(main())
