"""The Procfile as data: process name -> shell line, in the order of the file."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lines(path: Path = ROOT / "Procfile") -> dict[str, str]:
    """Raises ValueError for a line that is not `name: command`."""
    processes: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, command = line.partition(":")
        if not colon or not command.strip():
            raise ValueError(f"{path.name} line {number} is not 'name: command': {line!r}")
        processes[name.strip()] = command.strip()
    return processes
