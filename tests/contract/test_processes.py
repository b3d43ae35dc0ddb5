"""The Procfile against the names in contracts: every queue is taken by exactly one process, every
task name is registered where its queue is read, and what the lines run exists."""

import importlib.util
import re

import pytest

from contracts import names
from scripts import procfile

LINES = procfile.lines()
QUEUES = {
    "stt_worker": [names.STT_QUEUE, names.STT_PARTIAL_QUEUE, names.STT_JOB_QUEUE],
    "analyzer_worker": [names.ANALYZER_QUEUE, names.ANALYZER_JOB_QUEUE],
    "recordings_worker": [names.JOB_QUEUE],
}
APPS = {worker: worker for worker in QUEUES} | {"recordings_worker": "fastapi_service.recordings"}
TASKS = {
    "stt_worker": names.TRANSCRIBE_TASK,
    "analyzer_worker": names.ANALYZE_TASK,
    "fastapi_service": names.PREPARE_TASK,
}


def test_the_processes() -> None:
    recordings = ["recordings_worker", "conductor"]
    services = ["fastapi_service", *recordings, "stt_worker", "analyzer_worker", "listener_service", "sweeper"]
    assert list(LINES) == ["redis", *services]


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_each_line_runs_a_module_that_exists(line: str) -> None:
    start, module = re.fullmatch(r"(python -m) (\S+).*", line).groups()
    assert importlib.util.find_spec(module), module


@pytest.mark.parametrize("worker", QUEUES)
def test_each_queue_is_taken_by_its_worker_finals_before_partials(worker: str) -> None:
    (taken,) = re.findall(r"--queues=(\S+)", LINES[worker])
    assert taken.split(",") == QUEUES[worker]
    assert f"-A {APPS[worker]}.app " in LINES[worker]
    for option in ("--pool=solo", "--concurrency=1", "--without-mingle", "--without-gossip"):
        assert option in LINES[worker].split()


@pytest.mark.parametrize("worker", TASKS)
def test_a_task_is_named_after_the_service_that_runs_it(worker: str) -> None:
    assert TASKS[worker].split(".")[0] == worker


def test_no_name_is_spelled_a_second_time_in_python() -> None:
    values = [getattr(names, name) for name in dir(names) if name.endswith(("_TASK", "_QUEUE", "_CHANNEL"))]
    for package in ("contracts", "fastapi_service", "stt_worker", "analyzer_worker", "listener_service"):
        for path in (procfile.ROOT / package).rglob("*.py"):
            if path.name != "names.py":
                code = path.read_text()
                assert not [v for v in values if f'"{v}"' in code], path
