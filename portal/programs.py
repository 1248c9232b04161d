"""One machine, one command: database, web, worker and the demo's devices as one process tree.

The first program holds the port and the database, starts the others and watches them; it imports
little, so that the first page comes soon. The others end with it, whatever ends it.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from config import embedded, logs
from config.errors import Conflict, Unreachable
from config.settings import Settings
from portal import lifeline

log = logs.get(__name__)

WATCH_SECONDS = 0.1
STOP_SECONDS = 12.0
CLI = ("-m", "portal.cli")
DEMO_KEYS = "demo-keys"
# The demo's devices live on this machine, and its switch may be switched.
DEMO_SETTINGS = {"MEDIA_CENTER_PROBE_OWN_ADDRESSES": "true", "MEDIA_CENTER_SWITCH_PORTS": "on"}
FIRST_PAGE_SECONDS = 120.0
# A program that dies more often than this in a minute is not helped by starting it again.
DEATHS_A_MINUTE = 5


class PortTaken(Conflict):
    """The port is taken by another program; choose another with --port."""


class AlreadyRunning(Conflict):
    """A media-center runs on this data folder already; stop it, or choose another --data."""


class ProgramFailed(Unreachable):
    """A part of the service does not stay up; its last lines above say why."""


@dataclass(frozen=True, slots=True)
class Program:
    """A part of the service: its name, and the arguments of the Python that runs it."""

    name: str
    arguments: Sequence[str]


@dataclass(slots=True)
class Running:
    """A program that was started, and when it died before."""

    program: Program
    started: subprocess.Popen[bytes]
    deaths: list[float] = field(default_factory=list)
    again_at: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What `media-center run` was asked for."""

    host: str
    port: int
    demo: bool
    # Called with the address when the first page has answered.
    on_ready: Callable[[str], None]


def back_off(deaths: int) -> float:
    """Seconds to wait before a program that died so often starts again: 0.5, 1, 2, 4, then 8."""
    return float(min(8.0, 0.5 * 2 ** (deaths - 1)))


@contextmanager
def sole_owner(data: Path) -> Iterator[None]:
    """Hold the data folder; the lock ends with the process. Raises AlreadyRunning."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise AlreadyRunning from held
        yield


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that accepts connections before anybody answers them. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as taken:
            raise PortTaken(
                f"Port {port} of {host} cannot be used ({taken.strerror});"
                " choose another with --port."
            ) from taken
        listener.listen(512)
        yield listener


class Tree:
    """The programs that run, in the order they are stopped."""

    def __init__(self, environment: dict[str, str], keep_open: tuple[int, ...]) -> None:
        """`keep_open` are the descriptors that programs inherit."""
        self._environment = environment
        self._keep_open = keep_open
        self._running: list[Running] = []
        self.told_to_stop = threading.Event()

    def start(self, program: Program) -> None:
        """Start a program and watch it from now on."""
        self._running.append(Running(program, self._spawn(program)))

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *program.arguments],
            env=self._environment,
            pass_fds=self._keep_open,
            stdin=subprocess.DEVNULL,
            # Ctrl-C goes to the whole terminal; the programs stop when we say so, in order.
            process_group=0,
            preexec_fn=lifeline.follower(),  # noqa: PLW1509  # one thread, nothing held
        )

    def run_once(self, program: Program) -> None:
        """Run a program to its end, watching the others; raises ProgramFailed where it fails."""
        once = self._spawn(program)
        while (status := once.poll()) is None:
            if self.told_to_stop.is_set():
                once.terminate()
            self.watch(restart=False)
            time.sleep(WATCH_SECONDS)
        if status and not self.told_to_stop.is_set():
            raise ProgramFailed(
                f"The {program.name} ended with status {status}; see its lines above."
            )

    def watch(self, *, restart: bool = True) -> None:
        """Look once after every program; raises ProgramFailed where one is beyond help."""
        now = time.monotonic()
        for one in self._running:
            if one.again_at is not None:
                if now >= one.again_at:
                    one.started, one.again_at = self._spawn(one.program), None
            elif (status := one.started.poll()) is not None:
                self._mourn(one, status, now, restart=restart)

    def _mourn(self, one: Running, status: int, now: float, *, restart: bool) -> None:
        one.deaths = [death for death in one.deaths if now - death < 60] + [now]
        name = one.program.name
        if not restart or len(one.deaths) > DEATHS_A_MINUTE:
            raise ProgramFailed(f"The {name} ended with status {status}; its lines above say why.")
        wait = back_off(len(one.deaths))
        log.error("program died; starting it again", program=name, status=status, seconds=wait)
        one.again_at = now + wait

    def stop(self) -> None:
        """Stop every program in order, by force where it does not listen."""
        for one in self._running:
            if one.started.poll() is None:
                one.started.terminate()
                try:
                    one.started.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    log.error("program does not stop; killing it", program=one.program.name)
                    _kill_group(one.started)
            # Whatever a killed program left behind in its group.
            _kill_group(one.started)


def _kill_group(leader: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(leader.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    leader.wait()


def programs(listener: int) -> list[Program]:
    """Who is started at once: the web, which upgrades the database first, and the worker."""
    return [
        Program("web", (*CLI, "web", "--upgrade", "--socket", str(listener))),
        Program("worker", (*CLI, "worker")),
    ]


def simulators(data: Path) -> Program:
    """The demo's devices, with host keys that outlive them."""
    keys = str(data / DEMO_KEYS)
    return Program("simulators", ("-m", "portal.demo.simulators", "--keys", keys))


def _answers(host: str, port: int) -> bool:
    link = HTTPConnection(host, port, timeout=1)
    try:
        link.request("GET", "/sign-in")
        return link.getresponse().status == 200
    except OSError:
        return False
    finally:
        link.close()


def _await_first_page(tree: Tree, host: str, port: int) -> None:
    """Wait until the first page is answered; a program that dies before is not started again."""
    until = time.monotonic() + FIRST_PAGE_SECONDS
    while not tree.told_to_stop.is_set() and not _answers(host, port):
        tree.watch(restart=False)
        if time.monotonic() > until:
            raise ProgramFailed("The first page did not come in two minutes.")
        time.sleep(0.05)


def _database(settings: Settings, stack: ExitStack) -> str:
    return settings.database_url or stack.enter_context(embedded.serve(settings.data))


def _own_address(host: str) -> str:
    """Where this machine reaches what listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _listen_to_signals(tree: Tree) -> None:
    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, lambda *_: tree.told_to_stop.set())


def _environment(settings: Settings, url: str, address: str, *, demo: bool) -> dict[str, str]:
    """What the programs are told: the settings, the database and the address."""
    return {
        "MEDIA_CENTER_PUBLIC_URL": address,
        # Many threads that mostly wait: one arena of malloc for each would stay half empty.
        "MALLOC_ARENA_MAX": "2",
        **(DEMO_SETTINGS if demo else {}),
        **os.environ,
        "MEDIA_CENTER_DATA": str(settings.data),
        "MEDIA_CENTER_LOG_FORMAT": settings.log_format,
        "DATABASE_URL": url.replace("+psycopg", "", 1),
    }


def run(settings: Settings, wish: Wish) -> None:
    """Run the whole service until it is told to stop; raises what kept it from running."""
    with ExitStack() as stack:
        stack.enter_context(sole_owner(settings.data))
        listener = stack.enter_context(listening(wish.host, wish.port))
        host, port = _own_address(wish.host), listener.getsockname()[1]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        environment = _environment(settings, _database(settings, stack), address, demo=wish.demo)
        tree = Tree(environment, (listener.fileno(),))
        _listen_to_signals(tree)
        stack.callback(tree.stop)
        for program in programs(listener.fileno()):
            tree.start(program)
        if wish.demo:
            tree.start(simulators(settings.data))
        _await_first_page(tree, host, port)
        if wish.demo:
            tree.run_once(Program("demo", (*CLI, "load-demo")))
        if not tree.told_to_stop.is_set():
            wish.on_ready(address)
        while not tree.told_to_stop.wait(WATCH_SECONDS):
            tree.watch()
