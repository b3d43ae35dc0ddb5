"""`make demo`: streams a recording through the running pipeline, or one started for it, and shows
captions, sentiments and the lines that landed in the result log.

Exit status: 0 when there were results, else 1.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import FrameType

from recorder_service.sources import AudioFile, BadAudio
from scripts import environment, procfile, readiness, state

STARTING_SECONDS = 1800
"""Long, because the first start may download models."""
LOG_SECONDS = 15


class Trouble(Exception):
    """The demo cannot go on; the message says why."""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def pipeline() -> Iterator[state.State]:
    """The one that runs, or a new one that ends with the demo."""
    running = state.load(state.state_path())
    if running:
        say(f"Using the pipeline that runs at {running.url}")
        yield running
        return
    run_log = state.run_directory() / "demo.log"
    run_log.parent.mkdir(parents=True, exist_ok=True)
    say(f"Starting the pipeline (its log: {run_log})")
    with run_log.open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "scripts.run"],
            cwd=procfile.ROOT,
            env={**os.environ, "PORT": os.environ.get("PORT") or str(free_port())},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield wait_ready(child, run_log)
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            child.wait()


def free_port() -> int:
    """8000, or any other one if that is taken: nobody has to open the page of a demo."""
    try:
        environment.check_port("127.0.0.1", 8000, "PORT")
        return 8000
    except environment.Trouble:
        return environment.any_free_port()


def wait_ready(child: "subprocess.Popen[bytes]", run_log: Path) -> state.State:
    deadline = time.monotonic() + STARTING_SECONDS
    tick = Event()
    while child.poll() is None and time.monotonic() < deadline:
        started = state.load(state.state_path())
        report = readiness.ask(started.health_url) if started and started.pid == child.pid else None
        if started and report and report.get("ready"):
            if report.get("demo_models"):
                say(readiness.DEMONSTRATION)
            return started
        tick.wait(readiness.ASK_EVERY_SECONDS)
    end = "\n".join(run_log.read_text(errors="replace").splitlines()[-20:])
    raise Trouble(f"The pipeline did not become ready. The end of {run_log}:\n{end}")


def results(log: Path, begin: int) -> list[str]:
    """Result lines after byte `begin`; a log that is now shorter was rotated and is read whole."""
    if not log.exists():
        return []
    data = log.read_bytes()
    lines = data[begin if len(data) >= begin else 0 :].decode("utf-8", "replace").splitlines()
    return [line for line in lines if line.split(" ")[1:2] != ["STATISTICS"]]


def settled(log: Path, begin: int) -> list[str]:
    """The result lines once there are some and no more came for a second; what there is at last."""
    deadline = time.monotonic() + LOG_SECONDS
    tick = Event()
    lines: list[str] = []
    while time.monotonic() < deadline:
        before, lines = lines, results(log, begin)
        if lines and lines == before:
            break
        tick.wait(1)
    return lines


def stream(file: Path, running: state.State) -> int:
    """Show the recording's captions, then its lines in the log; the exit status."""
    log = procfile.ROOT / running.result_log
    begin = log.stat().st_size if log.exists() else 0
    say(f"Streaming {file} in real time\n")
    recorder = [sys.executable, "-m", "recorder_service", "stream", str(file), "--url", running.url]
    status = subprocess.run(recorder, cwd=procfile.ROOT).returncode
    lines = settled(log, begin)
    say(f"\nIn {running.result_log}:")
    for line in lines:
        say(line)
    if not lines:
        say(
            "(nothing: no result came, or the listener does not run or cannot write this file; "
            "its lines in the pipeline's log say)"
        )
    return 0 if lines and status == 0 else 1


def ended(number: int, frame: FrameType | None) -> None:
    """A closed terminal or a SIGTERM ends the pipeline that we started, as Ctrl-C does."""
    sys.exit(128 + number)


def main() -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    file = Path(sys.argv[1]).resolve()
    if not file.is_file():
        sys.stderr.write(f"There is no recording {file}; name one: make demo FILE=speech.wav\n")
        return 1
    try:
        AudioFile(file)  # before a pipeline is started for one that cannot be read
        with pipeline() as running:
            return stream(file, running)
    except (BadAudio, Trouble) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
