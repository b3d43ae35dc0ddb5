"""Who a process is, so that another one on the same machine can tell that it has ended.

The name holds host and pid for people; machine, pid namespace and the moment the process began make
it unlike any other. A pid alone says nothing: it is used again, and each container has its own 7.
"""

import os
import secrets
import socket
from pathlib import Path

ENDED = ("Z", "X")
"""States in /proc of a process that does nothing any more."""


def own_name() -> str:
    """`host-pid/machine/began` of this process."""
    state = _stat(os.getpid())
    began = state[1] if state else secrets.token_hex(4)
    return f"{socket.gethostname()}-{os.getpid()}/{_machine()}/{began}"


def has_ended(name: str) -> bool:
    """Whether the process with that `own_name` is known to have ended; False where it cannot be seen."""
    try:
        where, machine, began = name.split("/")
        pid = int(where.rpartition("-")[2])
    except ValueError:
        return False
    if not machine or machine != _machine():
        return False
    state = _stat(pid)
    return state is None or state[0] in ENDED or state[1] != began


def _machine() -> str:
    """The kernel that runs and the pid namespace in it; empty on a system without /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _stat(pid: int) -> tuple[str, str] | None:
    """State and starting time (ticks since boot) of a process, None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], fields[19]
