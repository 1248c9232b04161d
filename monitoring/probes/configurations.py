"""Reads the configurations of a network device over SSH: running, and startup where it can tell.

Both come in one session. A platform without a command for its startup configuration (Junos and
RouterOS save at once) has none to compare with.
"""

import re
from dataclasses import dataclass, field

from monitoring.probes import ssh
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import SshTarget

COMMANDS = ssh.COMMANDS
STARTUP = {
    "cisco_ios": "show startup-config",
    "cisco_xe": "show startup-config",
    "cisco_nxos": "show startup-config",
    "arista_eos": "show startup-config",
    "hp_procurve": "show config",
}
_NOTHING_SAVED = re.compile(
    r"startup-config is not present|No startup configuration|No such file", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Configurations:
    """What one device gave, secrets and all. `startup` is None where it could not be read."""

    running: str = field(repr=False)
    startup: str | None = field(repr=False, default=None)


def read(target: SshTarget) -> Configurations | Failure:
    """Both configurations. Never raises for what the device does."""
    command = COMMANDS.get(target.platform)
    if command is None:
        return Failure(FailureKind.INTERNAL, f"no command is known for {target.platform}")
    deadline: ssh.Deadline | None = None
    try:
        with (
            ssh.connected(target.address, target.port, target.seconds) as deadline,
            ssh.session_with(target, deadline) as session,
        ):
            if target.login.enable_password and not session.check_enable_mode():
                session.enable()
            prompt, told = session.find_prompt(), []
            for asked in (command, STARTUP.get(target.platform)):
                if asked is None:
                    continue
                session.clear_buffer()
                session.write_channel(asked + session.RETURN)
                told.append(ssh.until_prompt(session, prompt, target, deadline))
    except ssh.ACCIDENTS as wrong:
        return ssh.failure(wrong, deadline)
    running = ssh.complete(target, told[0])
    if isinstance(running, Failure):
        return running
    if not running.strip():
        return Failure(FailureKind.PARTIAL, "the host gave an empty configuration")
    return Configurations(running, _startup(target, told[1]) if len(told) > 1 else None)


def _startup(target: SshTarget, text: str) -> str | None:
    """What was refused or cut is unknown, and never shown as saved or as not saved."""
    if len(text) < 2000 and _NOTHING_SAVED.search(text):
        # Nothing was ever saved: all of the running configuration would be lost.
        return ""
    whole = ssh.complete(target, text)
    return whole if isinstance(whole, str) and whole.strip() else None
