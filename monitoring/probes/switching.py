"""Switches one port of a Cisco IOS switch over SSH: looks, types, looks again, then confirms.

Where the device can, it goes back by itself unless it is told within `DEAD_MAN_MINUTES` that all is
well (`configure terminal revert timer`, which needs an `archive`): a worker that dies leaves
nothing half done. Where it cannot, what does not hold is typed back at once.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from netmiko.base_connection import BaseConnection

from monitoring import port_blocks
from monitoring.port_blocks import PortSetting
from monitoring.probes import ssh
from monitoring.probes.outcomes import Failure
from monitoring.probes.ssh import ACCIDENTS, Deadline, SshTarget

DEAD_MAN_MINUTES = 2
# A complaint; lines such as `%LINK-3-UPDOWN:` are news.
WRONG = re.compile(r"^\s*%(?![A-Z0-9_]+-\d-).*$", re.MULTILINE)


class SwitchOutcome(StrEnum):
    """How it ended."""

    UNCHANGED = "unchanged"
    PLANNED = "planned"
    APPLIED = "applied"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"
    # The device was not reached, or hung up half way.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Switched:
    """What was found, what was typed (or would be) and why it ended so."""

    outcome: SwitchOutcome
    before: str = ""
    commands: list[str] = field(default_factory=list)
    reason: str | None = None
    has_dead_man: bool = False


def switch(
    target: SshTarget, setting: PortSetting, *, is_trial: bool = False
) -> Switched | Failure:
    """Make the port what the setting says; `is_trial` types nothing. Never raises."""
    if target.platform not in port_blocks.PLATFORMS:
        return Switched(
            SwitchOutcome.REFUSED, reason=f"ports of {target.platform} cannot be switched yet"
        )
    deadline: Deadline | None = None
    try:
        with (
            ssh.connected(target.address, target.port, target.seconds) as deadline,
            ssh.session_with(target, deadline) as session,
        ):
            if target.login.enable_password and not session.check_enable_mode():
                session.enable()
            return _Port(session, target, deadline, setting, _prompt(session)).settle(
                is_trial=is_trial
            )
    except ACCIDENTS as wrong:
        return ssh.failure(wrong, deadline)


def _prompt(session: BaseConnection) -> re.Pattern[str]:
    """The prompt in every mode: in configuration mode the name is cut at 20 characters."""
    name = re.escape(session.find_prompt().rstrip("#>")[:20])
    return re.compile(rf"{name}[^\s()]*(\([^()\s]*\))?[#>]\s*\Z")


@dataclass(slots=True)
class _Port:
    """One session with the device about one port."""

    session: BaseConnection
    target: SshTarget
    deadline: Deadline
    setting: PortSetting
    prompt: re.Pattern[str]

    def settle(self, *, is_trial: bool) -> Switched:
        name = self.setting.interface
        if not port_blocks.NAME.fullmatch(name):
            return Switched(SwitchOutcome.REFUSED, reason=f"{name} is no name of an interface")
        before = self._block()
        told = [self._say(f"show {how} neighbors {name} detail") for how in ("lldp", "cdp")]
        reason = port_blocks.guard(before, told, self.setting)
        if reason is not None:
            return Switched(SwitchOutcome.REFUSED, before, reason=reason)
        commands = port_blocks.render(before, self.setting)
        if not commands:
            return Switched(SwitchOutcome.UNCHANGED, before)
        if is_trial:
            return Switched(SwitchOutcome.PLANNED, before, commands)
        return self._apply(before, commands)

    def _apply(self, before: str, commands: list[str]) -> Switched:
        has_dead_man = self._begin(f"configure terminal revert timer {DEAD_MAN_MINUTES}")
        if not has_dead_man and not self._begin("configure terminal"):
            return Switched(
                SwitchOutcome.REFUSED, before, commands, "the login may not configure the device"
            )
        said = self._type(commands)
        after = self._block()
        left = port_blocks.missing(after, self.setting)
        if not said and not left:
            if has_dead_man:
                self._say("configure confirm")
            self._say("write memory")
            return Switched(SwitchOutcome.APPLIED, before, commands, None, has_dead_man)
        self._go_back(before, after, has_dead_man=has_dead_man)
        reason = said or f"does not hold: {'; '.join(left)}"
        if not self._stands_as(before):
            reason += "; the port could not be brought back either"
        return Switched(SwitchOutcome.ROLLED_BACK, before, commands, reason, has_dead_man)

    def _stands_as(self, before: str) -> bool:
        """Whether the block holds the lines of before; their order may be another."""
        blocks = (before, self._block())
        old, new = (port_blocks.statements(one, self.setting.interface) or [] for one in blocks)
        return sorted(old) == sorted(new)

    def _begin(self, command: str) -> bool:
        """Enter configuration mode; whether the device let us."""
        return not WRONG.search(self._say(command))

    def _type(self, commands: list[str]) -> str | None:
        """Type inside the interface and leave; the first complaint of the device, if any."""
        complaint = None
        for command in (f"interface {self.setting.interface}", *commands):
            found = WRONG.search(self._say(command))
            if found is not None and complaint is None:
                complaint = f"{command}: {found[0].strip()}"
        self._say("end")
        return complaint

    def _go_back(self, before: str, after: str, *, has_dead_man: bool) -> None:
        if has_dead_man:
            self._say("configure revert now")
            return
        commands = port_blocks.undoing(before, after, self.setting.interface)
        if commands and self._begin("configure terminal"):
            self._type(commands)

    def _block(self) -> str:
        return self._say(f"show running-config interface {self.setting.interface}")

    def _say(self, command: str) -> str:
        """What the device prints to a command, up to its next prompt in whatever mode."""
        self.session.clear_buffer()
        self.session.write_channel(command + self.session.RETURN)
        return ssh.until_prompt(self.session, self.prompt, self.target, self.deadline)
