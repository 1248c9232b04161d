"""Children that end with their parent, also when the parent is killed outright."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from functools import partial

PR_SET_PDEATHSIG = 1


def follow(parent: int) -> None:
    """In a child: ask Linux to kill it when the parent is gone; end if it is gone already.

    Outright, not politely: the database goes down with the same parent, and who says goodbye to a
    database that is gone waits half a minute. What was not committed is done again at the next
    start.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def follower() -> Callable[[], None]:
    """What a child of this process runs first: the `preexec_fn` of subprocess.

    The signal comes when the thread that made the child ends: start children from the main thread.
    """
    return partial(follow, os.getpid())
