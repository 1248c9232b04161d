"""Runs a program that must not outlive the worker that started it, nor leave anything running.

    python leash.py WORKER SECONDS FOLDER PROGRAM [ARGUMENT …]

Ansible detaches its own workers into sessions of their own, where neither the end of a terminal
nor a signal to a group reaches them. This process adopts every orphan below it (prctl(2),
PR_SET_CHILD_SUBREAPER), and kills all of them when the program ends, when its seconds are over
or when the process WORKER dies. In the last case it deletes FOLDER, which nobody else would.

It stands alone: it is started by its path and imports nothing of the service.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
# As timeout(1) of coreutils says that the time was over.
TIME_IS_OVER = 124
WORKER_IS_DEAD = 125
# Seconds in which what was killed must be gone; the kernel may keep one that waits for a disk.
MOST_SECONDS = 10


def hold(worker: int, seconds: float, command: list[str]) -> int:
    """Run the command until it ends, the time is over or the worker is dead; its exit status."""
    try:
        watched = os.pidfd_open(worker)
    except ProcessLookupError:
        return WORKER_IS_DEAD
    if os.getppid() != worker:
        return WORKER_IS_DEAD
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        program = subprocess.Popen(command)
        return _first_end(program, watched, seconds)
    finally:
        end_all()


def _first_end(program: subprocess.Popen[bytes], worker: int, seconds: float) -> int:
    ended = os.pidfd_open(program.pid)
    poll = select.poll()
    for each in (worker, ended):
        poll.register(each, select.POLLIN)
    ready = {each for each, _ in poll.poll(seconds * 1000)}
    if worker in ready:
        return WORKER_IS_DEAD
    if ended not in ready:
        return TIME_IS_OVER
    status = program.wait()
    return status if status >= 0 else 128 - status


def end_all() -> None:
    """Kill every process below this one: those of a killed one become ours, and are next."""
    until = time.monotonic() + MOST_SECONDS
    while time.monotonic() < until:
        for each in _directly_below():
            os.kill(each, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _directly_below() -> list[int]:
    """Also those that `ProtectProc=` or `hidepid=` hides, as it does an SSH agent."""
    lists = Path("/proc/self/task").glob("*/children")
    return [int(each) for path in lists for each in path.read_text().split()]


def main(worker: str, seconds: str, folder: str, *command: str) -> int:
    """The exit status of the program, or why it was ended."""
    status = hold(int(worker), float(seconds), list(command))
    if status == WORKER_IS_DEAD:
        shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
