"""Loopback ports for servers that tests start: free now, and left alone until they are bound.

A port that the kernel hands out (`bind` to 0) may be handed out again, to any connection, before
the server takes it. These lie below the kernel's own range, a share of them for each test worker.
"""

import os
import socket
from itertools import count

FIRST, SHARE, WORKERS = 20_000, 3_000, 4
KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
# Runs that follow each other begin elsewhere: the last one's connections may still be closing.
_turns = count(os.getpid() * 37)


def free_port(wide: int = 1) -> int:
    """The first of `wide` neighbouring ports on which nobody listens, over TCP or UDP."""
    for turn in _turns:
        base = FIRST + _worker * SHARE + turn % (SHARE - wide)
        if all(_is_free(port, kind) for port in range(base, base + wide) for kind in KINDS):
            # The next one asked for lies behind these.
            for _taken in range(wide - 1):
                next(_turns)
            return base
    raise AssertionError("the ports never end")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
