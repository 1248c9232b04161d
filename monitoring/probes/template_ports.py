"""Ports of a platform that an operator described in `config/switching`; nothing is ever shaped."""

import re
from typing import ClassVar

from netmiko.base_connection import BaseConnection

from monitoring import port_reasons, port_templates
from monitoring.port_reasons import Reason, because
from monitoring.port_templates import PortTemplate, Standing
from monitoring.probes.cli_ports import DEAD_MAN_MINUTES, CliPort
from monitoring.probes.switched import Switched, SwitchOutcome


class TemplatePort(CliPort):
    """One session with a device about one port, in the words of its template."""

    template: ClassVar[PortTemplate]

    @classmethod
    def prompt_of(cls, session: BaseConnection) -> re.Pattern[str]:
        """The prompt in every mode: whatever stands behind the device's name."""
        name = re.escape(session.find_prompt().strip().rstrip("#> ")[:20])
        return re.compile(rf"{name}[^\r\n]*[#>]\s*\Z")

    def is_name(self) -> bool:
        """Whether the template lets a port be called so."""
        return self.template.names(self.setting.interface)

    def block(self) -> str:
        """What the device shows of the port."""
        return "".join(map(self.say, self._of_port(self.template.show.port)))

    def against(self, before: str) -> Reason | None:
        """Why it must not be touched; a question that the device does not know is a reason too."""
        told = []
        for command in self._of_port(self.template.show.neighbours):
            told.append(self.say(command))
            complained = self._complained(command, told[-1])
            if complained is not None:
                return complained
        return port_templates.guard(self.template, before, told, self.setting)

    def render(self, block: str) -> list[str]:
        """What is to be typed so that the port is what the setting says."""
        wanted = Standing(self.setting.is_on, self.setting.vlan)
        return self._from(block, wanted)

    def stands_as(self, before: str) -> bool:
        """Whether the port stands as before."""
        return self._standing(self.block()) == self._standing(before)

    def complaint(self, command: str) -> Reason | None:
        """Say it; what the device has against it, if anything."""
        return self._complained(command, self.say(command))

    def apply(self, before: str, commands: list[str]) -> Switched:
        """Type it, look, and confirm, or go back."""
        dead_man = self.template.type.dead_man
        arm = (dead_man.arm.format(minutes=DEAD_MAN_MINUTES),) if dead_man else ()
        against = self._typed((*commands, *arm), discard=dead_man.discard if dead_man else ())
        is_armed = dead_man is not None and against is None
        if against is None:
            left = self.render(self.block())
            against = because(port_reasons.NOT_HELD, lines="; ".join(left)) if left else None
        if against is None and dead_man is not None:
            against = self._first(dead_man.confirm)
        if against is None:
            against = self._first(self.template.type.save)
            reasons = (against,) if against else ()
            return Switched(SwitchOutcome.APPLIED, before, commands, reasons, is_armed)
        self._go_back(before, is_armed=is_armed)
        stuck = () if self.stands_as(before) else (because(port_reasons.STUCK),)
        return Switched(
            SwitchOutcome.ROLLED_BACK, before, commands, (against, *stuck), has_dead_man=is_armed
        )

    def _go_back(self, before: str, *, is_armed: bool) -> None:
        dead_man, was = self.template.type.dead_man, self._standing(before)
        if dead_man is not None:
            if is_armed:
                self._first(dead_man.undo)
        elif was is not None:
            self._typed(tuple(self._from(self.block(), was)))

    def _typed(self, commands: tuple[str, ...], discard: tuple[str, ...] = ()) -> Reason | None:
        """Type up to the first complaint: a port that did not move is not opened."""
        typing = self.template.type
        against = self._first((*typing.begin, *commands))
        if against is not None:
            self._first(discard)
        self._first(typing.end)
        return against

    def _first(self, commands: tuple[str, ...]) -> Reason | None:
        complaints = (self.complaint(command) for command in commands)
        return next((one for one in complaints if one is not None), None)

    def _from(self, block: str, wanted: Standing) -> list[str]:
        """What leads from a block to how the port should stand; what cannot be read is typed."""
        now = self._standing(block) or Standing(is_on=True, vlan=0)
        return port_templates.render(self.template, now, wanted, self.setting.interface)

    def _standing(self, block: str) -> Standing | None:
        return port_templates.read(self.template, block, self.setting.interface)

    def _of_port(self, commands: tuple[str, ...]) -> list[str]:
        return [command.format(port=self.setting.interface) for command in commands]

    def _complained(self, command: str, told: str) -> Reason | None:
        line = port_templates.complaint(self.template, told)
        return because(port_reasons.COMPLAINT, command=command, told=line) if line else None


def driver(template: PortTemplate) -> "type[TemplatePort]":
    """The driver of a template's platform."""
    return type("TemplatePort", (TemplatePort,), {"template": template})
