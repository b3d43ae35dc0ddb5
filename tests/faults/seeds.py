"""The seeds that `make test` plays: one that is always played, and those that ever failed."""

import json
from pathlib import Path

FILE = Path(__file__).with_name("seeds.json")


def kept() -> list[int]:
    seeds: list[int] = json.loads(FILE.read_text())
    return seeds


def keep(seed: int) -> None:
    FILE.write_text(json.dumps(list(dict.fromkeys([*kept(), seed]))) + "\n")
