"""Puts one question to a device that speaks only outdated SSH, through a program of its own.

SHA-1 signatures and key exchanges are in no library that the service loads. The program
(`legacy_program`) runs in an environment of its own with the last libraries that have them, sees
one device's login and nothing else of ours, and ends with its answer. What it says is taken in as
text of a known shape, never as objects: who broke in through it would still be outside.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from monitoring.probes.outcomes import Failure, FailureKind

PROGRAM = Path(__file__).with_name("legacy_program.py")
# To begin and to end, beyond the seconds that the device is given.
GRACE_SECONDS = 15.0
# Two configurations of four megabytes, written as JSON.
MOST_BYTES = 20 * 1024 * 1024
# Each takes about 60 MB; who finds none free waits, and that counts against nobody's time.
MOST_AT_ONCE = 3
# What a program needs of our own environment; everything else could be a secret.
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ")
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def interpreter() -> str | None:
    """The Python of the environment with the older libraries; None where there is none."""
    found = Path(sys.prefix) / "legacy-ssh" / "bin" / "python"
    return str(found) if found.exists() else None


def ask(name: str, given: tuple[Any, ...], named: dict[str, Any], seconds: float) -> Any:
    """What the program answers to the call of this name, as plain JSON values, or a Failure."""
    python = interpreter()
    if python is None:
        return Failure(
            FailureKind.INTERNAL,
            "legacy SSH is not installed where this worker runs; run make legacy-ssh there",
        )
    request = json.dumps(to_jsonable_python({"call": name, "given": given, "named": named}))
    try:
        with _places:
            raw, is_late = _run(python, request.encode() + b"\n", seconds + GRACE_SECONDS)
    except OSError as wrong:
        return Failure(FailureKind.INTERNAL, f"legacy SSH could not be started: {wrong.strerror}")
    if is_late:
        return Failure(FailureKind.TIMEOUT, "the host did not finish its answer in time")
    if len(raw) > MOST_BYTES:
        return Failure(FailureKind.MALFORMED, "the host sends more than it was asked for")
    try:
        return json.loads(raw)
    except ValueError:
        return Failure(FailureKind.INTERNAL, "the program for legacy SSH broke off")


def _run(python: str, request: bytes, seconds: float) -> tuple[bytes, bool]:
    """What the program wrote, and whether it had to be stopped; raises OSError.

    Its standard input stays open: when this worker dies the program sees its end, and ends too.
    """
    late = threading.Event()
    with subprocess.Popen(  # our own program, no shell, the request by a pipe
        [python, "-I", str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={key: os.environ[key] for key in KEPT if key in os.environ},
        cwd="/",
        start_new_session=True,
    ) as program:

        def stop() -> None:
            late.set()
            _kill(program)

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            return _said(program, request), late.is_set()
        finally:
            timer.cancel()
            _kill(program)


def _said(program: "subprocess.Popen[bytes]", request: bytes) -> bytes:
    if program.stdin is None or program.stdout is None:
        raise OSError
    try:
        program.stdin.write(request)
        program.stdin.flush()
    except BrokenPipeError:
        return b""  # it ended before it read: what it wrote tells why, and that is nothing
    return program.stdout.read(MOST_BYTES + 1)


def _kill(program: "subprocess.Popen[bytes]") -> None:
    """The program with whatever it started; one that has ended is left alone."""
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGKILL)
