"""Asks network devices over SSH, through netmiko, with pinned host keys.

Nothing is asked of a device whose key is not the approved one. netmiko and paramiko bound neither
the time nor the size of an answer; here a deadline closes the socket and a limit ends the reading.
"""

import base64
import binascii
import contextlib
import errno
import hashlib
import io
import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import paramiko
from netmiko import ConnectHandler
from netmiko.base_connection import BaseConnection
from netmiko.exceptions import (
    NetmikoAuthenticationException,
    NetmikoBaseException,
    NetmikoTimeoutException,
    ReadException,
)
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey
from paramiko.ssh_exception import IncompatiblePeer

from monitoring.errors import BadLogin
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind

COMMANDS = {
    "cisco_ios": "show running-config",
    "cisco_xe": "show running-config",
    "cisco_nxos": "show running-config",
    "arista_eos": "show running-config",
    "hp_procurve": "show running-config",
    "juniper_junos": "show configuration",
    "mikrotik_routeros": "/export",
}
# These end a running configuration with `end`: without it the answer was cut.
_ENDS = frozenset({"cisco_ios", "cisco_xe", "arista_eos"})
_REFUSED = re.compile(
    r"^% ?(Invalid input|Authorization failed|Permission denied|Incomplete)", re.M
)
_UNKNOWN = re.compile(
    r"^% ?(Invalid|Incomplete|Ambiguous|Unknown)|^\s*(unknown command|syntax error)"
    r"|bad command name",
    re.M | re.I,
)
MOST_BYTES = 4 * 1024 * 1024
PAUSE_SECONDS = 0.02
QUIET_SECONDS = 0.2
# Whatever paramiko and netmiko raise when the other side misbehaves or goes away.
ACCIDENTS = (
    paramiko.SSHException,
    InvalidHostKey,
    NetmikoBaseException,
    ReadException,
    BadLogin,
    OSError,
    EOFError,
    ValueError,
)
OUTDATED = (
    "the host offers only outdated SSH; update it, or turn on legacy SSH for it where it must stay"
)
# What OpenSSH offers no more of itself. SHA-1 signatures are gone from paramiko already.
UNSOUND = {
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}
_EXPLAINED: tuple[tuple[type[BaseException], FailureKind, str], ...] = (
    (IncompatiblePeer, FailureKind.OUTDATED, OUTDATED),
    (paramiko.AuthenticationException, FailureKind.AUTHENTICATION, "the host refuses the login"),
    (NetmikoAuthenticationException, FailureKind.AUTHENTICATION, "the host refuses the login"),
    (BadLogin, FailureKind.AUTHENTICATION, "the private key of the credential cannot be read"),
    (ConnectionRefusedError, FailureKind.REFUSED, "nothing listens on the SSH port"),
    (TimeoutError, FailureKind.TIMEOUT, "the host does not answer on the SSH port"),
)


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """A host key: its algorithm and, in base64 as known_hosts writes it, the key itself."""

    algorithm: str
    key: str

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it: SHA256 and base64 without padding."""
        digest = hashlib.sha256(base64.b64decode(self.key)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class SshTarget:
    """Whom to ask and for how long: `seconds` for all of it, `most_bytes` of one answer."""

    address: str
    login: SshLogin
    host_key: PinnedKey
    platform: str = "generic"
    port: int = 22
    seconds: float = 60.0
    most_bytes: int = MOST_BYTES
    # It speaks nothing newer than SHA-1: asked apart, see `calls`.
    is_legacy: bool = False

    @property
    def known_host(self) -> str:
        """The name under which known_hosts keeps the key."""
        return self.address if self.port == 22 else f"[{self.address}]:{self.port}"


class Deadline:
    """Shuts the socket when the time is up, so that every read and write on it ends."""

    def __init__(self, link: socket.socket, seconds: float) -> None:
        """Start the clock."""
        self.link = link
        self.ends_at = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def has_passed(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.ends_at

    @property
    def left(self) -> float:
        """Seconds until then, at least a tenth."""
        return max(self.ends_at - time.monotonic(), 0.1)

    def _shut(self) -> None:
        with contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)

    def cancel(self) -> None:
        """Stop the clock and close the socket."""
        self._timer.cancel()
        self.link.close()


class Metered:
    """A socket that hangs up after so many bytes: netmiko awaits a prompt however much comes."""

    def __init__(self, link: socket.socket, most_bytes: int) -> None:
        """Count what is received over `link`."""
        self._link = link
        self._left = most_bytes

    def recv(self, size: int) -> bytes:
        """What came; raises OSError once it is too much."""
        piece = self._link.recv(size)
        self._left -= len(piece)
        if self._left < 0:
            raise OSError(errno.EMSGSIZE, "the host sends more than it was asked for")
        return piece

    def __getattr__(self, name: str) -> Any:
        """All else is the socket's own."""
        return getattr(self._link, name)


@contextlib.contextmanager
def connected(address: str, port: int, seconds: float) -> Iterator[Deadline]:
    """A TCP connection that lives for `seconds` at most; raises OSError."""
    began = time.monotonic()
    link = socket.create_connection((address, port), timeout=min(seconds, 10.0))
    deadline = Deadline(link, seconds - (time.monotonic() - began))
    try:
        yield deadline
    finally:
        deadline.cancel()


def read_host_key(
    address: str, port: int = 22, *, seconds: float = 10.0, is_legacy: bool = False
) -> PinnedKey | Failure:
    """The key a host shows, before any login: nothing is told to it but our version."""
    deadline: Deadline | None = None
    refused = disabled(is_legacy=is_legacy)
    try:
        with (
            connected(address, port, seconds) as deadline,
            contextlib.closing(
                paramiko.Transport(deadline.link, disabled_algorithms=refused)
            ) as transport,
        ):
            transport.start_client(timeout=deadline.left)
            key = transport.get_remote_server_key()
            return PinnedKey(key.get_name(), key.get_base64())
    except ACCIDENTS as wrong:
        return failure(wrong, deadline)


def read_config(target: SshTarget) -> str | Failure:
    """The running configuration of a network device, secrets and all: redact before keeping it."""
    command = COMMANDS.get(target.platform)
    if command is None:
        return Failure(FailureKind.INTERNAL, f"no command is known for {target.platform}")
    deadline: Deadline | None = None
    try:
        with connected(target.address, target.port, target.seconds) as deadline:
            return complete(target, _ask(target, command, deadline))
    except ACCIDENTS as wrong:
        return failure(wrong, deadline)


def read_commands(target: SshTarget, commands: Mapping[str, str]) -> dict[str, str] | Failure:
    """What a network device prints to each command, by its name, in one session.

    A command that the device does not know is left out.
    """
    deadline: Deadline | None = None
    try:
        with (
            connected(target.address, target.port, target.seconds) as deadline,
            session_with(target, deadline) as session,
        ):
            prompt, told = session.find_prompt(), {}
            for name, command in commands.items():
                session.clear_buffer()
                session.write_channel(command + session.RETURN)
                text = until_prompt(session, prompt, target, deadline)
                if not _UNKNOWN.search(text[:400]):
                    told[name] = text
            return told
    except ACCIDENTS as wrong:
        return failure(wrong, deadline)


def failure(wrong: BaseException, deadline: Deadline | None) -> Failure:
    """What went wrong, in a word that the service acts on and a sentence for people."""
    changed = _cause(wrong, paramiko.BadHostKeyException)
    if changed is not None:
        shown = PinnedKey(changed.key.get_name(), changed.key.get_base64())
        return Failure(
            FailureKind.HOST_KEY_CHANGED,
            f"the host shows {shown.fingerprint}, which is not the approved key",
        )
    if deadline is not None and deadline.has_passed:
        return Failure(FailureKind.TIMEOUT, "the host did not finish its answer in time")
    # netmiko wraps what happened in a time-out of its own.
    if isinstance(wrong, NetmikoTimeoutException) and wrong.__context__ is not None:
        wrong = wrong.__context__
    for kinds, kind, sentence in _EXPLAINED:
        if isinstance(wrong, kinds):
            return Failure(kind, sentence)
    said = next((line.strip() for line in str(wrong).splitlines() if line.strip()), "")
    return Failure(FailureKind.MALFORMED, f"{type(wrong).__name__}: {said}"[:300])


def _cause(
    wrong: BaseException | None, kind: type[paramiko.BadHostKeyException]
) -> paramiko.BadHostKeyException | None:
    """A changed key, which netmiko wraps in a time-out: the truth is what that was raised from."""
    while wrong is not None:
        if isinstance(wrong, kind):
            return wrong
        wrong = wrong.__cause__ or wrong.__context__
    return None


def disabled(*, is_legacy: bool) -> dict[str, list[str]]:
    """What is not spoken with a device: everything unsound, unless it has nothing else."""
    return {} if is_legacy else UNSOUND


def private_key(text: str) -> paramiko.PKey:
    """A private key in OpenSSH or PEM form; raises BadLogin."""
    for kind in (paramiko.Ed25519Key, paramiko.RSAKey, paramiko.ECDSAKey):
        # What paramiko raises for damaged text, an assertion among it.
        with contextlib.suppress(
            paramiko.SSHException, ValueError, IndexError, AssertionError, binascii.Error
        ):
            return kind.from_private_key(io.StringIO(text))
    raise BadLogin("The private key is neither Ed25519, RSA nor ECDSA, or it has a passphrase.")


def known_key(target: SshTarget) -> HostKeyEntry:
    """The approved key as an entry of known_hosts; raises ValueError."""
    line = f"{target.known_host} {target.host_key.algorithm} {target.host_key.key}"
    entry = HostKeyEntry.from_line(line)
    if entry is None:
        raise ValueError(f"the approved key of type {target.host_key.algorithm} cannot be read")
    return entry


@contextlib.contextmanager
def session_with(target: SshTarget, deadline: Deadline) -> Iterator[BaseConnection]:
    """A strict netmiko session on an open socket, closed in any case."""
    login = target.login
    with tempfile.NamedTemporaryFile("w", suffix=".known_hosts") as known_hosts:
        known_hosts.write(known_key(target).to_line() or "")
        known_hosts.flush()
        session = ConnectHandler(
            device_type=target.platform,
            host=target.address,
            port=target.port,
            username=login.username,
            password=login.password,
            secret=login.enable_password or "",
            pkey=private_key(login.private_key) if login.private_key else None,
            # Only the key of the credential, never one that lies in the worker's home.
            use_keys=False,
            ssh_strict=True,
            system_host_keys=False,
            alt_host_keys=True,
            alt_key_file=known_hosts.name,
            # The greeting, the answer, and what SSH itself says around them.
            sock=Metered(deadline.link, 2 * target.most_bytes + 100_000),
            conn_timeout=deadline.left,
            auth_timeout=deadline.left,
            banner_timeout=deadline.left,
            disabled_algorithms=disabled(is_legacy=target.is_legacy),
        )
    try:
        yield session
    finally:
        # `disconnect` would wait ten seconds for a prompt that may never come.
        if session.remote_conn_pre is not None:
            session.remote_conn_pre.close()


def _ask(target: SshTarget, command: str, deadline: Deadline) -> str:
    with session_with(target, deadline) as session:
        if target.login.enable_password and not session.check_enable_mode():
            session.enable()
        prompt = session.find_prompt()
        session.clear_buffer()
        session.write_channel(command + session.RETURN)
        return until_prompt(session, prompt, target, deadline)


def until_prompt(
    session: BaseConnection, prompt: str | re.Pattern[str], target: SshTarget, deadline: Deadline
) -> str:
    """Read until the prompt stands last and stays last for a moment."""
    last = re.compile(re.escape(prompt) + r"\s*\Z") if isinstance(prompt, str) else prompt
    text, quiet_since = "", time.monotonic()
    while not deadline.has_passed:
        piece = session.read_channel()
        if piece:
            text, quiet_since = text + piece, time.monotonic()
            if len(text) > target.most_bytes:
                raise ValueError(f"the answer is longer than {target.most_bytes} bytes")
        elif time.monotonic() - quiet_since > QUIET_SECONDS and last.search(text[-200:]):
            lines = text.replace("\r\n", "\n").split("\n")
            # The first line echoes the command, the last is the prompt.
            # PostgreSQL keeps no NUL, and no device needs one in its configuration.
            return "\n".join(lines[1:-1]).replace("\0", "") + "\n"
        elif not _is_alive(session):
            raise EOFError("the host hung up in the middle of its answer")
        else:
            time.sleep(PAUSE_SECONDS)
    raise TimeoutError


def _is_alive(session: BaseConnection) -> bool:
    client = session.remote_conn_pre
    transport = client.get_transport() if client is not None else None
    return transport is not None and bool(transport.is_active())


def complete(target: SshTarget, text: str) -> str | Failure:
    """The text where it is a whole configuration; else why it is not."""
    refused = _REFUSED.search(text)
    if refused and len(text) < 2000:
        return Failure(FailureKind.AUTHENTICATION, "the login may not read the configuration")
    if target.platform in _ENDS and text.rstrip().rsplit("\n", 1)[-1].strip() != "end":
        return Failure(FailureKind.PARTIAL, "the configuration was cut before its end")
    return text
