"""When each word of the test recordings begins, by espeak-ng's own events: `python -m models.training.word_times`.

A recording does not say at which speed it was spoken: the one that gives its length to within 2 ms is taken.
espeak-ng speaks some pairs of words as one; of such a word the beginning is unknown (null).
"""

import json
from pathlib import Path

import soundfile

from . import voices
from .recordings import EDGES

FOLDER = Path("tests/data/speech")
SPEEDS = range(148, 175)
HEAD, TAIL = EDGES[1]
NEAR = 32
"""Samples."""


def starts(entry: dict[str, str], samples: int) -> list[float | None]:
    """Seconds from the beginning of the recording, one for each word of its text. Raises ValueError when no
    speed gives its length."""
    wanted = samples - int((HEAD + TAIL) * voices.SAMPLE_RATE)
    spoken = [voices.espeak().say(entry["text"], entry["voice"], speed, 50) for speed in SPEEDS]
    best = min(spoken, key=lambda speech: abs(len(speech.audio) - wanted))
    if abs(len(best.audio) - wanted) > NEAR:
        raise ValueError(f"{entry['file']}: no speed gives {wanted} samples")
    found: dict[int, float] = {}
    for before, start in best.words:
        found.setdefault(before, round(HEAD + max(0.0, start), 3))
    return [found.get(number) for number in range(len(entry["text"].split()))]


def main() -> None:
    entries = json.loads((FOLDER / "index.json").read_text())
    english = [entry for entry in entries if entry["language"] == "en"]
    times = {entry["file"]: starts(entry, soundfile.info(FOLDER / entry["file"]).frames) for entry in english}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in times.items())
    (FOLDER / "words.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
