"""Asks a Linux host over SSH how its SSH server is configured and where it listens."""

import contextlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

import paramiko

from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import (
    ACCIDENTS,
    Deadline,
    SshTarget,
    connected,
    disabled,
    failure,
    known_key,
    private_key,
)

# The first that exits with 0 is taken. `sshd -T` reads the host keys, so it needs root.
SSHD = ("sshd -T", "/usr/sbin/sshd -T", "sudo -n /usr/sbin/sshd -T")
PORTS = ("ss -ltnH", "netstat -ltn", "cat /proc/net/tcp /proc/net/tcp6")
SERVICES = "systemctl list-units --type=service --state=active --no-legend --plain --no-pager"
# Nothing is fetched and nothing changed: what the host's own list says. Kernels by their files.
_UPDATES = r"""
age() { echo list $((($(date +%s) - $(stat -c %Y "$1")) / 86400)); }
if command -v apt-get >/dev/null; then
  age /var/lib/apt/lists
  LC_ALL=C apt-get -s -qq dist-upgrade | sed -n "s/^Inst \([^ ]*\) .*[Ss]ecurity.*/update \1/p"
elif command -v dnf >/dev/null; then
  age /var/cache/dnf
  LC_ALL=C dnf -q -C updateinfo list --security | sed -n "s/^[^ ]* [^ ]* *\([^ ]*\)$/update \1/p"
else
  exit 1
fi
newest=$(ls /boot/vmlinuz-* | sed "s/.*vmlinuz-//" | grep -v rescue | sort -V | tail -n 1)
echo kernel $(uname -r) $newest
if [ -e /run/reboot-required ]; then echo restart; fi
"""
UPDATES = f"timeout 20 sh -c {shlex.quote(_UPDATES)} 2>/dev/null"
# What holds for root from a foreign address: a Match block may say otherwise than the rest.
AS_ROOT = "user=root,host=client.example,addr=203.0.113.1,laddr=127.0.0.1,lport=22"


@dataclass(frozen=True, slots=True)
class HostTexts:
    """What a host printed, or why it did not."""

    sshd: str | Failure
    ports: str | Failure
    services: str | Failure
    updates: str | Failure


def read_host(target: SshTarget) -> HostTexts | Failure:
    """The effective configuration of the SSH server and the listening ports of a host."""
    deadline: Deadline | None = None
    try:
        with (
            connected(target.address, target.port, target.seconds) as deadline,
            contextlib.closing(paramiko.SSHClient()) as client,
        ):
            sign_in(client, target, deadline)
            return HostTexts(
                _sshd(client, target),
                _first(client, target, PORTS)[1],
                _first(client, target, (SERVICES,))[1],
                _updates(client, target),
            )
    except ACCIDENTS as wrong:
        return failure(wrong, deadline)


def read_commands(target: SshTarget, commands: Mapping[str, str]) -> dict[str, str] | Failure:
    """What a host prints to each command, by its name; what it refuses is left out."""
    deadline: Deadline | None = None
    try:
        with (
            connected(target.address, target.port, target.seconds) as deadline,
            contextlib.closing(paramiko.SSHClient()) as client,
        ):
            sign_in(client, target, deadline)
            told = {}
            for name, command in commands.items():
                status, text = run(client, command, target.most_bytes)
                if status == 0 and text.strip():
                    told[name] = text
            return told
    except ACCIDENTS as wrong:
        return failure(wrong, deadline)


def sign_in(client: paramiko.SSHClient, target: SshTarget, deadline: Deadline) -> None:
    """Strict: a key that is not the approved one ends the session before the login."""
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    entry = known_key(target)
    if entry.key is None:
        raise ValueError("the approved key cannot be read")
    client.get_host_keys().add(target.known_host, entry.key.get_name(), entry.key)
    login = target.login
    client.connect(
        target.address,
        target.port,
        login.username,
        login.password,
        pkey=private_key(login.private_key) if login.private_key else None,
        sock=deadline.link,
        timeout=deadline.left,
        banner_timeout=deadline.left,
        auth_timeout=deadline.left,
        allow_agent=False,
        look_for_keys=False,
        disabled_algorithms=disabled(is_legacy=target.is_legacy),
    )


def _sshd(client: paramiko.SSHClient, target: SshTarget) -> str | Failure:
    command, text = _first(client, target, SSHD)
    if isinstance(text, Failure):
        return text
    status, as_root = run(client, f"{command} -C {AS_ROOT}", target.most_bytes)
    return f"{text}\nMatch {AS_ROOT}\n{as_root}" if status == 0 else text


def _updates(client: paramiko.SSHClient, target: SshTarget) -> str | Failure:
    """Bounded on the host: a package tool that waits for a lock must not cost the rest."""
    status, text = run(client, UPDATES, target.most_bytes)
    if status == 0 and text.strip():
        return text
    return Failure(FailureKind.PARTIAL, "neither apt-get nor dnf told in time what waits")


def _first(
    client: paramiko.SSHClient, target: SshTarget, commands: tuple[str, ...]
) -> tuple[str, str | Failure]:
    """The first command that the host carries out, and what it printed."""
    for command in commands:
        status, text = run(client, command, target.most_bytes)
        if status == 0 and text.strip():
            return command, text
    tried = ", ".join(commands)
    return "", Failure(FailureKind.PARTIAL, f"the host carries out none of: {tried}")


def run(client: paramiko.SSHClient, command: str, most_bytes: int) -> tuple[int, str]:
    """Exit status and output of one command; raises ValueError rather than read for ever."""
    transport = client.get_transport()
    if transport is None:
        raise EOFError("the host hung up")
    with contextlib.closing(transport.open_session()) as channel:
        channel.exec_command(command)
        # What goes to stderr is read along, or a full window would block the command.
        channel.set_combine_stderr(True)
        text = bytearray()
        while piece := channel.recv(32768):
            text += piece
            if len(text) > most_bytes:
                raise ValueError(f"the answer is longer than {most_bytes} bytes")
        if not transport.is_active():
            raise EOFError("the host hung up in the middle of its answer")
        # PostgreSQL keeps no NUL.
        return channel.recv_exit_status(), text.decode("utf-8", "replace").replace("\0", "")
