"""What `make run` does with its processes, shown on small ones: order, ends, Ctrl-C once, twice and
early, a closed terminal, a reader of its output that goes away."""

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.revival import MOST_STARTS
from tests.eventually import PATIENCE, eventually
from tests.processes import Process, clean_environ

DRIVER = """
import sys
from scripts.environment import Plan
from scripts.run import supervise
lines = dict(part.split("=", 1) for part in sys.argv[1:])
import os
chosen = Plan(lines, dict(os.environ), "http://localhost:1", "http://127.0.0.1:1/health/ready", "x.log")
sys.exit(supervise(chosen, lambda: chosen))
"""

STEADY_DRIVER = """
import os, sys
from scripts.supervisor import Supervisor, Terminal

def watch(supervisor):
    supervisor.steady = True
    supervisor.say("steady")

supervisor = Supervisor(Terminal(), watch)
for part in sys.argv[1:]:
    name, line = part.split("=", 1)
    supervisor.add_process(name, line, env=dict(os.environ))
supervisor.loop()
print("first ended", supervisor.first_ended)
sys.exit(1 if supervisor.first_ended else 0)
"""

OBEDIENT = "trap 'echo {name} stops; exit 0' TERM; echo {name} up pid $$; while :; do sleep 0.05; done"
STUBBORN = "trap '' TERM; echo stubborn up pid $$; while :; do sleep 0.05; done"


def supervised(directory: Path, **scripts: str) -> Process:
    driver = directory / "driver.py"
    driver.write_text(DRIVER)
    words = []
    for name, text in scripts.items():
        path = directory / f"{name}.sh"
        path.write_text(text.format(name=name))
        words.append(f"{name}='sh {path}'")
    environ = clean_environ(PYTHONPATH=os.getcwd())
    return Process("run", f"{sys.executable} {driver} {' '.join(words)}", directory, environ)


def steady(directory: Path, **scripts: str) -> Process:
    """The same, where all is known to work as soon as it is started."""
    run = supervised(directory, **scripts)
    (directory / "driver.py").write_text(STEADY_DRIVER)
    return run


def noting(directory: Path) -> str:
    """A script for a process that writes on and leaves its number in a file."""
    return f"echo $$ >{directory}/{{name}}.pid; while :; do echo {{name}} works; sleep 0.05; done"


def noted(directory: Path) -> list[int]:
    return [int(path.read_text()) for path in directory.glob("*.pid") if path.read_text().strip()]


def pids(output: str) -> list[int]:
    return [int(pid) for pid in re.findall(r"up pid (\d+)", output)]


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text()


@pytest.fixture
def two(tmp_path: Path) -> Process:
    return supervised(tmp_path, redis=OBEDIENT, worker=OBEDIENT)


def test_ctrl_c_stops_everything_redis_last_without_a_traceback(two: Process) -> None:
    with two:
        eventually(lambda: len(pids(two.output)) == 2)
        two.interrupt()
        assert two.wait() == 0
    assert two.output.index("worker stops") < two.output.index("redis stops")
    assert "redis stopped\n" in two.output
    assert "Stopping; Ctrl-C again stops at once." in two.output
    assert "Traceback" not in two.output
    assert all(gone(pid) for pid in pids(two.output))


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    with supervised(tmp_path, redis=OBEDIENT, worker=STUBBORN) as run:
        eventually(lambda: len(pids(run.output)) == 2)
        run.interrupt()
        run.wait_for("Stopping; Ctrl-C again")
        run.interrupt()
        run.wait()
    assert "redis stops" in run.output
    assert "Traceback" not in run.output
    assert all(gone(pid) for pid in pids(run.output))


def test_a_process_that_ends_is_named_with_its_last_words(tmp_path: Path) -> None:
    dying = "echo {name} up pid $$; sleep 0.5; echo 'the model is damaged: fetch it again'; exit 7"
    with supervised(tmp_path, redis=OBEDIENT, worker=OBEDIENT, stt_worker=dying) as run:
        assert run.wait() == 1
    end = run.output[run.output.index("ended by itself") - 20 :]
    assert "stt_worker ended by itself (status 7)" in end
    assert "the model is damaged: fetch it again" in end
    assert all(gone(pid) for pid in pids(run.output))


def test_a_process_that_ends_once_all_have_worked_is_started_again(tmp_path: Path) -> None:
    with steady(tmp_path, redis=OBEDIENT, worker=OBEDIENT) as run:
        run.wait_for("steady")
        (first,) = eventually(lambda: re.findall(r"worker up pid (\d+)", run.output))
        os.kill(int(first), signal.SIGKILL)
        run.wait_for("and is started again.")
        eventually(lambda: len(re.findall(r"worker up pid", run.output)) == 2)
        assert run.output.count("redis up pid") == 1
        run.interrupt()
        assert run.wait() == 0
    assert all(gone(pid) for pid in pids(run.output))


def test_a_process_that_ends_again_and_again_stops_everything(tmp_path: Path) -> None:
    # it lives until it is told that all have worked, then never again
    dying = f"echo {{name}} up pid $$; while [ ! -e {tmp_path}/dead ]; do sleep 0.05; done; exit 7"
    with steady(tmp_path, redis=OBEDIENT, worker=dying) as run:
        run.wait_for("steady")
        (tmp_path / "dead").touch()
        assert run.wait() == 1
    assert len(re.findall(r"worker .*\| worker up pid", run.output)) == 1 + MOST_STARTS
    assert "worker ended by itself (status 7) and is started again." in run.output
    assert "first ended ('worker', 7)" in run.output
    assert all(gone(pid) for pid in pids(run.output))


def test_a_closed_terminal_leaves_nothing_behind(two: Process) -> None:
    with two:
        eventually(lambda: len(pids(two.output)) == 2)
        two.signal(signal.SIGHUP)
        two.wait()
    assert two.output.index("worker stops") < two.output.index("redis stops")
    assert all(gone(pid) for pid in pids(two.output))


def test_a_terminal_closed_under_make_leaves_nothing_behind(tmp_path: Path) -> None:
    """Where make leads the session nobody else gets a SIGHUP, and make waits for its child."""
    script = "echo $$ >" + str(tmp_path) + "/{name}.pid; while :; do sleep 0.05; done"
    run = supervised(tmp_path, redis=script, worker=script)
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec {run.command}\n")
    master, slave = pty.openpty()
    make = ["make", "-f", str(tmp_path / "Makefile"), "run"]
    child = subprocess.Popen(make, env=run.environ, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    eventually(lambda: len(noted(tmp_path)) == 2)
    os.close(master)
    assert eventually(lambda: all(gone(pid) for pid in noted(tmp_path))), "before anything is written again"
    child.wait(PATIENCE)


def test_redis_that_was_late_for_its_port_is_started_again_once(tmp_path: Path) -> None:
    late = "echo x >>{folder}/starts; echo 'Failed listening on port 1 (tcp), aborting.'; exit 1"
    (tmp_path / "starts").touch()
    run = supervised(tmp_path, redis=late.replace("{folder}", str(tmp_path)), worker=OBEDIENT)
    with run:
        assert run.wait() == 1
    assert (tmp_path / "starts").read_text() == "x\nx\n"
    assert "Starting again." in run.output and run.output.count("run it again") == 1


def test_a_reader_that_goes_away_leaves_nothing_behind(tmp_path: Path) -> None:
    script = noting(tmp_path)
    run = supervised(tmp_path, redis=script, worker=script)
    run.command = f"sh -c '{run.command.replace(chr(39), chr(34))} | head -n 3'"
    with run:
        eventually(lambda: len(noted(tmp_path)) == 2)
        assert run.wait() == 0
        assert eventually(lambda: all(gone(pid) for pid in noted(tmp_path)))
    assert "Traceback" not in run.output


def test_ctrl_c_while_processes_are_still_being_started(tmp_path: Path) -> None:
    """Each `early` is told to stop as soon as it is known, not only those known at Ctrl-C."""
    script = noting(tmp_path)
    with supervised(tmp_path, redis=script, **{f"early{n}": script for n in range(8)}) as run:
        run.wait_for("redis started")
        run.interrupt()
        run.wait()
        assert all(gone(pid) for pid in noted(tmp_path))
    assert "SIGKILL" not in run.output and "rc=-9" not in run.output
    assert "Traceback" not in run.output


def test_what_is_not_ready_is_told_while_waiting(two: Process) -> None:
    with two:
        two.wait_for("Not ready yet: the gateway does not answer yet")
