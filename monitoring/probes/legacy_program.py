"""The program behind `legacy`: one request on standard input, one answer on standard output.

It runs under another Python environment, whose paramiko still has SHA-1. It reads no setting and
reaches no database. It ends by itself when its time is up or when who asked is gone.
"""

import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path

# Behind the packages of its own environment, so that these come first.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from pydantic import validate_call
from pydantic_core import to_jsonable_python

from monitoring.probes import calls
from monitoring.probes.outcomes import Failure

MOST_SECONDS = 180
MOST_MEMORY = 1024**3
MOST_FILE = 1024**2
MOST_OPEN = 64


def main() -> None:
    """Answer one request; exit status 0 where an answer was written."""
    _confine()
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_who_asked, daemon=True).start()
    call = calls.CALLS[request["call"]]
    told = validate_call(call.function)(*request["given"], **request["named"])
    answer = {"failure" if isinstance(told, Failure) else "answer": to_jsonable_python(told)}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    # Threads of a session that hangs must not keep it.
    os._exit(0)


def _confine() -> None:
    """No core with a password in it, and no more of the machine than a session takes."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, MOST_FILE),
        (resource.RLIMIT_NOFILE, MOST_OPEN),
        (resource.RLIMIT_AS, MOST_MEMORY),
    ):
        resource.setrlimit(what, (most, most))
    signal.alarm(MOST_SECONDS)


def _end_with_who_asked() -> None:
    """Nothing more comes on standard input but its end."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
