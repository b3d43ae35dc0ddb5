"""Makes .venv and installs the pinned requirements, once: a hash of them says whether that was done.

Run by `scripts/install.sh`: with `.venv`'s own Python and `--check` to see whether there is anything
to do, else with the system's. May import the standard library alone.
TORCH_INDEX_URL names an additional package index, for a torch without CUDA (much smaller).
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
FILES = {"run": "requirements.txt", "test": "requirements-dev.txt"}
GIGABYTE = 10**9
NEEDED_GIGABYTES = 4
NEEDED_WITH_CUDA_GIGABYTES = 10

NETWORK = ("NewConnectionError", "Max retries", "timed out", "No matching distribution", "name resolution")
DISK = ("No space left on device", "Errno 28")
COMPILER = ("error: command 'gcc'", "error: command 'cc'", "Failed to build", "failed-wheel-build")


class Trouble(Exception):
    """It cannot go on; the message says why and what to do."""


def requirements(path: Path) -> str:
    """The text of a requirements file with those it refers to put in their place."""
    text = ""
    for line in path.read_text().splitlines():
        text += requirements(path.parent / line[3:].strip()) if line.startswith("-r ") else line + "\n"
    return text


def fingerprint(kind: str) -> str:
    """What `.venv` must have been made from to be up to date."""
    pythons = sorted(path.name for path in VENV.glob("lib/python3*"))
    parts = [*pythons, platform.machine(), requirements(ROOT / FILES[kind])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def stamp(kind: str) -> Path:
    return VENV / f".installed-{kind}"


def installed(kind: str) -> bool:
    """Whether `.venv` works and holds these requirements; takes a few hundredths of a second."""
    path = stamp(kind)
    return path.exists() and path.read_text() == fingerprint(kind) and works()


def works() -> bool:
    """Whether the Python in `.venv` starts, is new enough and has its pip: a `.venv` whose making was
    interrupted, or whose Python was replaced by the system's next one, has none."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix) == VENV:
        return importlib.util.find_spec("pip") is not None
    check = "import sys, pip._internal.cli.main; sys.exit(sys.version_info < (3, 11))"
    return python.exists() and subprocess.run([python, "-c", check], capture_output=True).returncode == 0


def check_space(free: int, has_torch: bool, cpu_index: bool) -> str | None:
    """A warning, or None. Raises Trouble when it cannot fit."""
    if has_torch:
        return None
    if free < NEEDED_GIGABYTES * GIGABYTE:
        raise Trouble(
            f"The requirements need about {NEEDED_GIGABYTES} GB, and {free / GIGABYTE:.1f} GB are free in {ROOT}. "
            "Free some space, then run the same command again."
        )
    if free < NEEDED_WITH_CUDA_GIGABYTES * GIGABYTE and not cpu_index and sys.platform == "linux":
        return (
            f"Only {free / GIGABYTE:.1f} GB are free; torch with CUDA needs about {NEEDED_WITH_CUDA_GIGABYTES} GB. "
            "TORCH_INDEX_URL can name an index with a CPU torch (see README)."
        )
    return None


def explain(errors: str) -> str:
    """pip's error output -> what to do."""
    if any(sign in errors for sign in DISK):
        return (
            f"The disk is full. Free some space ({NEEDED_GIGABYTES} GB, {NEEDED_WITH_CUDA_GIGABYTES} GB for torch "
            "with CUDA) and run the same command again."
        )
    if any(sign in errors for sign in NETWORK):
        return (
            "A package could not be found or fetched: is the network reachable, and is pip's index right "
            "(pip config list)? Then run the same command again; what was fetched is kept."
        )
    if any(sign in errors for sign in COMPILER):
        return (
            f"A package has no ready build for Python {platform.python_version()} on {platform.machine()} "
            "and could not be compiled. Python 3.11 to 3.13 on x86-64 or ARM64 needs no compiler."
        )
    return "pip failed; its last lines above say why."


def install(kind: str) -> None:
    has_torch = any(VENV.glob("lib/python3*/site-packages/torch"))
    index = os.environ.get("TORCH_INDEX_URL", "")
    warning = check_space(shutil.disk_usage(ROOT).free, has_torch, bool(index))
    if warning:
        say(warning)
    if not works():
        say(f"Making .venv with Python {platform.python_version()}")
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], stdout=sys.stderr)
        if made.returncode:
            raise Trouble(".venv could not be made; the lines above say why.")
    say(f"Installing {FILES[kind]}" + ("" if has_torch else "; the first time takes some minutes"))
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--extra-index-url", index] if index else []
    status, errors = run_pip([*command, "-r", str(ROOT / FILES[kind])])
    if status:
        raise Trouble(explain(errors))
    for satisfied in ("run", "test") if kind == "test" else ("run",):
        stamp(satisfied).write_text(fingerprint(satisfied))


def run_pip(command: list[str]) -> tuple[int, str]:
    """Exit status and error output; both outputs are shown as they come."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as pip:
        lines = []
        for line in pip.stderr or ():
            sys.stderr.write(line)
            lines.append(line)
    return pip.returncode, "".join(lines)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One at a time: `make demo` while `make run` still installs waits for it. A killed one holds up nobody."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another `make` is installing here; waiting for it")
            fcntl.flock(folder, fcntl.LOCK_EX)
        except OSError:  # a network's file system without locks
            pass
        yield
    finally:
        os.close(folder)


def say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def main() -> int:
    kind = sys.argv[1] if sys.argv[1:] else "run"
    if "--check" in sys.argv:
        return 0 if installed(kind) else 1
    try:
        with alone():
            if not installed(kind):
                install(kind)
    except Trouble as trouble:
        say(str(trouble))
        return 1
    except KeyboardInterrupt:
        say("Stopped; run the same command again to go on.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
