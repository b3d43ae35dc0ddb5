"""Composition root: `python -m listener_service` until SIGTERM or SIGINT.

Results and statistics go to the result log and to standard output, what ails the service itself
to standard error.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

from contracts import env, logs
from contracts.connect import connect, refuse_cluster
from contracts.heartbeat import Pulse
from listener_service.condition import Condition
from listener_service.journal import Journal
from listener_service.leader import Leader
from listener_service.listener import Listener
from listener_service.logfile import LogFile
from listener_service.report import Report
from listener_service.results import Results
from listener_service.settings import Settings
from listener_service.snapshot import SnapshotFile


def main() -> int:
    try:
        settings = env.read(Settings, os.environ)
        refuse_cluster(settings.redis_url)
    except env.SettingError as error:
        sys.exit(f"listener_service: {error}")
    logs.setup("listener_service", settings.log_level)
    client = connect(settings.redis_url)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    pulse = Pulse(client, "listener_service", settings.heartbeat_file, [lambda: condition.watch()])
    condition = Condition(stop, pulse.say)
    pulse.start()
    leader = Leader(client)
    Listener(Results(client, leader.name), leader, journal(settings), condition, stop).run()
    pulse.stop()
    return 0


def journal(settings: Settings) -> Journal:
    path = Path(settings.result_log)
    file = LogFile(path, settings.max_bytes, settings.backups)
    snapshots = SnapshotFile(path.with_name(f"{path.name}.statistics.json"))
    return Journal(file, snapshots, Report(settings.statistics_seconds, time.time()), show)


def show(text: str) -> None:
    """The same bytes as in the file, whatever the locale; a console that is gone or full costs this
    line on it and nothing else."""
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), f"{text}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
