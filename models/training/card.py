"""The table in models/README.md, written from models/measured.json so that the two never differ."""

import json
from pathlib import Path

START, END = "<!-- measured: do not edit, models/training/card.py writes it -->", "<!-- /measured -->"


def table(found: dict) -> str:
    """Rates in per cent; a text is exact when it is right to the last full stop."""
    lines = [
        "| voice | sentences | word error % | without timestamps % | short window % | exact texts % |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    groups = (("voices", ""), ("held_out_voices", " (never trained)"), ("random_words", ", words in random order"))
    for group, note in groups:
        for voice, row in found[group].items():
            rates = [row["wer"], row["wer_without_timestamps"], row["wer_trimmed"], row["exact"]]
            lines.append(f"| {voice}{note} | {row['n']} | " + " | ".join(f"{100 * rate:.1f}" for rate in rates) + " |")
    size = sum(entry["bytes"] for name, entry in found["files"].items() if not name.startswith("demo"))
    korean, labels = found["korean"], found["sentiment"]
    silent = [kind for kind, texts in found["nonspeech"].items() if not texts]
    loud = [kind for kind, texts in found["nonspeech"].items() if texts]
    lines += [
        "",
        f"Korean, of {korean['n']} sentences: language found {korean['language']}, written down right "
        f"{korean['transcribed']}, translated right {korean['translated']}.",
        "",
        f"No text at all for: {', '.join(silent)}." + (f" Text for: {', '.join(loud)}." if loud else ""),
        "",
        "Labels right on held-out sentences: "
        + ", ".join(f"{name.lower()} {100 * row['right']:.1f} % of {row['n']}" for name, row in labels.items())
        + ".",
        "",
        f"Size of both models: {size:,} bytes.",
    ]
    return "\n".join(lines)


def write(folder: Path) -> None:
    path = folder / "README.md"
    before, rest = path.read_text().split(START)
    after = rest.split(END)[1]
    found = json.loads((folder / "measured.json").read_text())
    path.write_text(f"{before}{START}\n{table(found)}\n{END}{after}")
