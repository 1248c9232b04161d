"""Tests whether a device can be asked over SSH: port, host key, login, prompt, one command."""

import contextlib
import time
from collections.abc import Callable, Iterator

import paramiko

from monitoring.errors import BadLogin
from monitoring.probes import linux, ssh
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import COMMANDS, PinnedKey, SshTarget
from monitoring.probes.steps import Finding, Stage, Step, Verdict

ANY_COMMAND = "uname -a"
_PORTS = {
    FailureKind.REFUSED: Finding.SSH_CLOSED,
    FailureKind.TIMEOUT: Finding.SSH_SILENT,
    FailureKind.OUTDATED: Finding.SSH_OUTDATED,
}
_COMMANDS = {
    FailureKind.AUTHENTICATION: Finding.COMMAND_REFUSED,
    FailureKind.PARTIAL: Finding.COMMAND_CUT,
}


class Watch:
    """Seconds since the last step."""

    def __init__(self) -> None:
        """Begin now."""
        self._began = time.monotonic()

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = time.monotonic()
        seconds, self._began = now - self._began, now
        return seconds


def host_key(
    address: str,
    port: int,
    pinned: PinnedKey | None,
    read: Callable[[str, int], PinnedKey | Failure] = ssh.read_host_key,
) -> tuple[Step, PinnedKey | None]:
    """The key that the host shows against the approved one, and the key itself."""
    watch = Watch()
    shown = read(address, port)
    facts = {"address": address, "port": str(port)}
    if isinstance(shown, Failure):
        finding = _PORTS.get(shown.kind, Finding.SSH_GARBLED)
        facts["told"] = shown.message
        return Step(Stage.HOST_KEY, Verdict.FAILED, finding, watch.lap(), facts), None
    facts |= {"shown": shown.fingerprint, "algorithm": shown.algorithm, "key": shown.key}
    if pinned is None:
        return Step(Stage.HOST_KEY, Verdict.FAILED, Finding.KEY_NEW, watch.lap(), facts), shown
    if pinned.key != shown.key:
        facts["approved"] = pinned.fingerprint
        return Step(Stage.HOST_KEY, Verdict.FAILED, Finding.KEY_CHANGED, watch.lap(), facts), shown
    return Step(Stage.HOST_KEY, Verdict.PASSED, Finding.KEY_APPROVED, watch.lap(), facts), shown


def steps(target: SshTarget) -> Iterator[Step]:
    """Log in and carry out one command, as the platform is asked; ends with the first failure."""
    watch = Watch()
    try:
        if target.login.private_key:
            ssh.private_key(target.login.private_key)
    except BadLogin as damaged:
        # The device was not even asked: nobody need look for what it refuses.
        facts = {"user": target.login.username, "told": damaged.message}
        yield Step(Stage.LOGIN, Verdict.FAILED, Finding.LOGIN_KEY_DAMAGED, watch.lap(), facts)
        return
    yield from _switch(target) if target.platform in COMMANDS else _host(target)


def _switch(target: SshTarget) -> Iterator[Step]:
    watch, stage, deadline = Watch(), Stage.LOGIN, None
    try:
        with (
            ssh.connected(target.address, target.port, target.seconds) as deadline,
            ssh.session_with(target, deadline) as session,
        ):
            yield _logged_in(target, watch)
            stage = Stage.PROMPT
            prompt = session.find_prompt()
            yield Step(stage, Verdict.PASSED, Finding.PROMPT_SEEN, watch.lap(), {"prompt": prompt})
            stage = Stage.PRIVILEGE
            if target.login.enable_password and not session.check_enable_mode():
                session.enable()
                prompt = session.find_prompt()
            yield Step(stage, Verdict.PASSED, Finding.PRIVILEGED, watch.lap(), {"prompt": prompt})
            stage = Stage.COMMAND
            command = COMMANDS[target.platform]
            session.clear_buffer()
            session.write_channel(command + session.RETURN)
            text = ssh.complete(target, ssh.until_prompt(session, prompt, target, deadline))
            yield _carried_out(command, text, watch)
    except ssh.ACCIDENTS as wrong:
        yield _broken(stage, ssh.failure(wrong, deadline), target, watch)


def _host(target: SshTarget) -> Iterator[Step]:
    watch, stage, deadline = Watch(), Stage.LOGIN, None
    try:
        with (
            ssh.connected(target.address, target.port, target.seconds) as deadline,
            contextlib.closing(paramiko.SSHClient()) as client,
        ):
            linux.sign_in(client, target, deadline)
            yield _logged_in(target, watch)
            stage = Stage.COMMAND
            status, text = linux.run(client, ANY_COMMAND, target.most_bytes)
            refused = Failure(FailureKind.AUTHENTICATION, text.strip() or f"exit {status}")
            yield _carried_out(ANY_COMMAND, text if status == 0 else refused, watch)
    except ssh.ACCIDENTS as wrong:
        yield _broken(stage, ssh.failure(wrong, deadline), target, watch)


def _logged_in(target: SshTarget, watch: Watch) -> Step:
    facts = {"user": target.login.username}
    return Step(Stage.LOGIN, Verdict.PASSED, Finding.LOGGED_IN, watch.lap(), facts)


def _carried_out(command: str, text: str | Failure, watch: Watch) -> Step:
    if isinstance(text, Failure):
        finding = _COMMANDS.get(text.kind, Finding.COMMAND_FAILED)
        facts = {"command": command, "told": text.message}
        return Step(Stage.COMMAND, Verdict.FAILED, finding, watch.lap(), facts)
    # How much came, never what: a configuration holds secrets.
    facts = {"command": command, "lines": str(len(text.splitlines()))}
    return Step(Stage.COMMAND, Verdict.PASSED, Finding.COMMAND_RAN, watch.lap(), facts)


def _broken(stage: Stage, failure: Failure, target: SshTarget, watch: Watch) -> Step:
    finding = {
        Stage.LOGIN: Finding.LOGIN_BROKEN,
        Stage.PROMPT: Finding.PROMPT_MISSING,
        Stage.PRIVILEGE: Finding.ENABLE_REFUSED,
    }.get(stage, Finding.COMMAND_FAILED)
    if failure.kind is FailureKind.HOST_KEY_CHANGED:
        finding = Finding.KEY_CHANGED
    elif stage is Stage.LOGIN and failure.kind is FailureKind.AUTHENTICATION:
        finding = Finding.LOGIN_REFUSED
    facts = {"user": target.login.username, "told": failure.message, "command": "", "shown": ""}
    return Step(stage, Verdict.FAILED, finding, watch.lap(), facts)
