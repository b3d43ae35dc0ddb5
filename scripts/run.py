"""`make run`: starts every line of the Procfile, waits until speech becomes results, says where.

A process that ends by itself later is started again: nothing that was said is lost by it. Exit
status: 0 after Ctrl-C, 1 when it could not start or a process ended again and again.
"""

import contextlib
import os
import sys
from collections.abc import Callable

from scripts import procfile, readiness, state
from scripts.environment import Plan, Trouble, plan
from scripts.supervisor import Supervisor, Terminal


def main() -> int:
    running = state.load(state.state_path())
    if running:
        sys.stderr.write(f"It runs already: {running.url} (process {running.pid}; Ctrl-C there stops it)\n")
        return 1
    try:
        chosen = make_plan()
    except Trouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    own = state.State(os.getpid(), chosen.url, chosen.health_url, chosen.result_log)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(state.held(own, state.state_path()))
        except BlockingIOError:
            sys.stderr.write("Another `make run` is just starting here: look there, or try again.\n")
            return 1
        except OSError as error:
            sys.stderr.write(f"It cannot run here: {error}. {state.run_directory()} must be writable and have room.\n")
            return 1
        return supervise(chosen, make_plan)


def make_plan() -> Plan:
    """Raises Trouble."""
    own = {"REDIS_DIR": str(state.run_directory() / "redis"), "STORAGE_URL": str(state.run_directory() / "recordings")}
    return plan(os.environ, procfile.ROOT / ".env", procfile.lines(), own)


def supervise(chosen: Plan, another: Callable[[], Plan] | None = None) -> int:
    """Runs until it is stopped; starts once more, as `another` says, when Redis was late for its port."""
    supervisor = attempt(chosen)
    if another and late_for_port(supervisor):
        sys.stderr.write("\nThe port meant for Redis was taken just before it started. Starting again.\n")
        try:
            supervisor = attempt(another())
        except Trouble as trouble:
            sys.stderr.write(f"{trouble}\n")
            return 1
    if supervisor.first_ended is None:
        return 0
    name, status = supervisor.first_ended
    last = "\n".join(f"    {line}" for line in supervisor.terminal.last[name])
    sys.stderr.write(f"\n{name} ended by itself (status {status}), so all was stopped. Its last lines:\n{last}\n")
    if late_for_port(supervisor):
        sys.stderr.write("Another program took its port just then: run it again.\n")
    return 1


def late_for_port(supervisor: Supervisor) -> bool:
    """Whether another program took Redis's port after `plan` had found it free."""
    if supervisor.first_ended is None or supervisor.first_ended[0] != "redis":
        return False
    return any("Failed listening on port" in line for line in supervisor.terminal.last["redis"])


def attempt(chosen: Plan) -> Supervisor:
    """Start all, and come back when all have ended."""

    def watch(supervisor: Supervisor) -> None:
        report = readiness.wait(chosen.health_url, supervisor.stopping, supervisor.say)
        if report:
            supervisor.steady = True
            supervisor.say(readiness.welcome(report, chosen.url, chosen.result_log))

    supervisor = Supervisor(Terminal(), watch)
    for name, line in chosen.lines.items():
        supervisor.add_process(name, line, env=dict(chosen.environ), cwd=str(procfile.ROOT))
    supervisor.loop()
    return supervisor


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before there was anything to stop
        sys.exit(130)
