"""Ports for servers that must be told theirs before they bind it."""

import contextlib
import itertools
import os
import socket

FIRST, LAST = 11_000, 32_000
"""Below those that Linux takes for connections (from 32768 on): what is free stays free until it is bound, and
nobody connects to himself. Above the last that browsers refuse (10080)."""
_EACH = itertools.islice(itertools.cycle(range(FIRST, LAST)), os.getpid() * 7919 % (LAST - FIRST), None)


def free_port() -> int:
    """One that nobody has now and that was not given out before."""
    for port in _EACH:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")
