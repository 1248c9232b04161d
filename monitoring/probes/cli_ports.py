"""One port of a switch with a command line: looks, and lets the platform type what differs."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from netmiko.base_connection import BaseConnection

from monitoring import port_blocks, port_reasons
from monitoring.port_blocks import Dialect, PortSetting
from monitoring.port_reasons import Reason, because
from monitoring.probes import ssh
from monitoring.probes.ssh import Deadline, SshTarget
from monitoring.probes.switched import Switched, SwitchOutcome, refused

DEAD_MAN_MINUTES = 2
# A complaint; lines such as `%LINK-3-UPDOWN:` are news.
WRONG = re.compile(r"^\s*%(?![A-Z0-9_]+-\d-).*$", re.MULTILINE)


@dataclass
class CliPort(ABC):
    """One session with the device about one port."""

    session: BaseConnection
    target: SshTarget
    deadline: Deadline
    setting: PortSetting
    prompt: re.Pattern[str]

    dialect: ClassVar[Dialect]
    # How the device is asked for the port's block and for who is connected to it.
    show_block: ClassVar[str]
    show_neighbours: ClassVar[tuple[str, ...]]

    @classmethod
    def switch(
        cls, target: SshTarget, deadline: Deadline, setting: PortSetting, *, is_trial: bool
    ) -> Switched:
        """Make the port what the setting says; raises `ssh.ACCIDENTS`."""
        with ssh.session_with(target, deadline) as session:
            if target.login.enable_password and not session.check_enable_mode():
                session.enable()
            port = cls(session, target, deadline, setting, cls.prompt_of(session))
            return port.settle(is_trial=is_trial)

    @classmethod
    def prompt_of(cls, session: BaseConnection) -> re.Pattern[str]:
        """The prompt in every mode: in configuration mode IOS cuts the name at 20 characters."""
        name = re.escape(session.find_prompt().rstrip("#>")[:20])
        return re.compile(rf"{name}[^\s()]*(\([^()\s]*\))?[#>]\s*\Z")

    def settle(self, *, is_trial: bool) -> Switched:
        """Look, guard, and type what differs."""
        if not self.is_name():
            return refused(because(port_reasons.NAME, port=self.setting.interface))
        before = self.block()
        reason = self.against(before)
        if reason is not None:
            return refused(reason, before)
        commands = self.render(before)
        if not commands:
            return Switched(SwitchOutcome.UNCHANGED, before)
        if is_trial:
            return Switched(SwitchOutcome.PLANNED, before, commands)
        return self.apply(before, commands)

    @abstractmethod
    def apply(self, before: str, commands: list[str]) -> Switched:
        """Type it so that it goes back where it does not hold."""

    def is_name(self) -> bool:
        """Whether the interface is called as ports of this platform are."""
        return self.dialect.name.fullmatch(self.setting.interface) is not None

    def against(self, before: str) -> Reason | None:
        """Why the port must not be touched; None where nothing stands against it."""
        name = self.setting.interface
        told = [self.say(command.format(name)) for command in self.show_neighbours]
        return port_blocks.guard(before, told, self.setting, self.dialect)

    def render(self, block: str) -> list[str]:
        """What is to be typed; nothing where the port is as it should be."""
        return port_blocks.render(block, self.setting, self.dialect)

    def left(self) -> tuple[str, list[str]]:
        """The block as it is now, and what is still missing of it."""
        after = self.block()
        return after, port_blocks.missing(after, self.setting, self.dialect)

    def stands_as(self, before: str) -> bool:
        """Whether the block holds the lines of before; their order may be another."""
        blocks = (before, self.block())
        old, new = (port_blocks.statements(one, self.setting.interface) or [] for one in blocks)
        return sorted(old) == sorted(new)

    def complaint(self, command: str) -> Reason | None:
        """Say it; what the device has against it, if anything."""
        found = WRONG.search(self.say(command))
        if found is None:
            return None
        return because(port_reasons.COMPLAINT, command=command, told=found[0].strip())

    def typed(self, commands: list[str]) -> Reason | None:
        """Type inside the interface; the first complaint of the device, if any."""
        inside = (f"interface {self.setting.interface}", *commands)
        complaints = [self.complaint(command) for command in inside]
        return next((one for one in complaints if one is not None), None)

    def block(self) -> str:
        """How the device writes the port."""
        return self.say(self.show_block.format(self.setting.interface))

    def say(self, command: str) -> str:
        """What the device prints to a command, up to its next prompt in whatever mode."""
        self.session.clear_buffer()
        self.session.write_channel(command + self.session.RETURN)
        return ssh.until_prompt(self.session, self.prompt, self.target, self.deadline)
