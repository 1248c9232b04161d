"""A small SSH server on loopback that answers commands from given texts, as a Linux host would."""

import contextlib
import logging
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import paramiko
from paramiko.server import InteractiveQuery

from portal.demo import host_keys

LOG_NAME = "media_center.demo.ssh"
# The simulated hosts sit on loopback; more sessions than this is a scan, not a poller.
MOST_SESSIONS = 32
HANDSHAKE_SECONDS = 10.0
IDLE_SECONDS = 300.0

log = logging.getLogger(LOG_NAME)
# A port scan breaks the handshake, and paramiko reports each as an error with a traceback.
log.setLevel(logging.CRITICAL)


@contextlib.contextmanager
def suppress_hang_up() -> Iterator[None]:
    """A caller that leaves in the middle is everyday; note it and go on."""
    try:
        yield
    except (OSError, EOFError, paramiko.SSHException) as gone:
        log.debug("a caller left: %s", gone)


def conversation(talk: Callable[[], None], channel: paramiko.Channel) -> threading.Thread:
    """A thread that runs `talk` and then closes the channel, whoever hung up first."""

    def speak() -> None:
        with suppress_hang_up(), contextlib.closing(channel):
            talk()

    return threading.Thread(target=speak, daemon=True)


class Session(paramiko.Transport):
    """A connection that starts to answer a request only after it has granted it.

    paramiko asks `check_channel_exec_request` first and grants afterwards; an answer written in
    between reaches the caller before the grant, and the caller takes it for a refusal.
    """

    def __init__(self, caller: socket.socket) -> None:
        """Speak over an accepted socket."""
        super().__init__(caller)
        self.granted: queue.SimpleQueue[threading.Thread] = queue.SimpleQueue()

    def _send_user_message(self, data: paramiko.Message) -> None:
        super()._send_user_message(data)  # type: ignore[misc]
        if threading.current_thread() is self:
            while not self.granted.empty():
                self.granted.get().start()


class Login(paramiko.ServerInterface):
    """One connection's answers to the protocol: who may come in, and what was asked for."""

    def __init__(self, server: "SshServer", granted: "queue.SimpleQueue[threading.Thread]") -> None:
        """Speak for `server`; answers wait in `granted` until the request is granted."""
        self.server = server
        self.granted = granted

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        """Passwords, directly or as a keyboard prompt."""
        return "password,keyboard-interactive"

    def _right(self, username: str, password: str) -> int:
        known = (self.server.username, self.server.password)
        good = (username, password) == known
        return paramiko.common.AUTH_SUCCESSFUL if good else paramiko.common.AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        """Compare with the one login the host has."""
        return self._right(username, password)

    def check_auth_interactive(
        self,
        username: str,
        submethods: str,  # noqa: ARG002
    ) -> InteractiveQuery:
        """Ask for the password at the keyboard."""
        self.asked = username
        return InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        """Compare what was typed."""
        return self._right(self.asked, responses[0] if responses else "")

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        """Only sessions: no forwarding."""
        if kind == "session":
            return paramiko.common.OPEN_SUCCEEDED
        return paramiko.common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_pty_request(self, *_: object) -> bool:
        """A terminal of any size."""
        return True

    def check_channel_window_change_request(self, *_: object) -> bool:
        """Any new size."""
        return True

    def check_channel_env_request(self, *_: object) -> bool:
        """No environment from outside."""
        return False

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Answer one command beside the protocol's own thread."""
        words = command.decode("utf-8", "replace")
        self.granted.put(conversation(lambda: self.server.run_command(channel, words), channel))
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        """Open an interactive session, where the host has one."""
        if not self.server.has_shell:
            return False
        self.granted.put(conversation(lambda: self.server.run_shell(channel), channel))
        return True


class SshServer:
    """An SSH host with one login. `answers` maps a command line to its output.

    Give `host_key` a path to keep the key over restarts; without one each server makes its own.
    Port 0 takes a free port; `port` tells which after `start`.
    """

    has_shell = False

    def __init__(
        self,
        port: int = 0,
        answers: Mapping[str, str] | None = None,
        *,
        username: str = "audit",
        password: str = "demo-ssh-password",  # noqa: S107  # a demo login, on loopback only
        host_key: Path | paramiko.PKey | None = None,
    ) -> None:
        """Prepare the host; nothing listens before `start`."""
        self.port = port
        self.answers = dict(answers or {})
        self.username = username
        self.password = password
        if isinstance(host_key, Path):
            host_key = host_keys.keep(host_key)
        self.host_key = host_key or host_keys.generate()
        self._places = threading.BoundedSemaphore(MOST_SESSIONS)
        self._transports: set[Session] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None

    @property
    def public_key(self) -> str:
        """The host key as a known_hosts line without the host."""
        return host_keys.public_line(self.host_key)

    def start(self) -> Self:
        """Listen on 127.0.0.1; raises OSError if the port is taken."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=16)
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(
            target=self._accept, args=(self._listener,), name=f"ssh-{self.port}", daemon=True
        )
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Close the port and every session; may be called twice."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        # Closing alone leaves a thread inside accept(); shutting down wakes it.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        with self._lock:
            open_now = list(self._transports)
        for transport in open_now:
            transport.close()
        if self._acceptor is not None:
            self._acceptor.join(timeout=2)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return  # stopped
            if not self._places.acquire(blocking=False):
                caller.close()
                continue
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        transport = Session(caller)
        transport.set_log_channel(LOG_NAME)
        transport.banner_timeout = transport.handshake_timeout = HANDSHAKE_SECONDS
        transport.auth_timeout = HANDSHAKE_SECONDS
        transport.add_server_key(self.host_key)
        with self._lock:
            self._transports.add(transport)
        try:
            with suppress_hang_up():
                self._attend(transport)
        finally:
            transport.close()
            with self._lock:
                self._transports.discard(transport)
            self._places.release()

    def _attend(self, transport: Session) -> None:
        transport.start_server(server=Login(self, transport.granted))
        # paramiko closes a channel that nobody refers to, so they are kept until they close.
        channels: list[paramiko.Channel] = []
        while transport.is_active():
            channels = [channel for channel in channels if not channel.closed]
            opened = transport.accept(timeout=1)
            channels += [opened] if opened is not None else []

    def answer(self, command: str) -> tuple[str, int]:
        """Output and exit status of one command; 127 where the host has no such command."""
        text = self.answers.get(command.strip())
        if text is None:
            return f"sh: 1: {command.strip().partition(' ')[0]}: not found\n", 127
        return text, 0

    def run_command(self, channel: paramiko.Channel, command: str) -> None:
        """Write the answer to the channel, and the exit status."""
        text, status = self.answer(command)
        write = channel.sendall if status == 0 else channel.sendall_stderr
        write(text.encode())
        channel.send_exit_status(status)

    def run_shell(self, channel: paramiko.Channel) -> None:
        """Serve an interactive session; a plain host has none."""
        raise NotImplementedError
