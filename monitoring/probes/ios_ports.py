"""Ports of Cisco IOS and IOS-XE.

Where the device can, it goes back by itself unless it is told within `DEAD_MAN_MINUTES` that all is
well (`configure terminal revert timer`, which needs an `archive`): a worker that dies leaves
nothing half done. Where it cannot, what does not hold is typed back at once.
"""

import re

from monitoring import port_blocks, port_reasons
from monitoring.port_reasons import Reason, because
from monitoring.probes.cli_ports import DEAD_MAN_MINUTES, WRONG, CliPort
from monitoring.probes.switched import Switched, SwitchOutcome, refused

# `show archive config rollback timer` names who set it (Cisco, Configuration Rollback Confirmed
# Change); without one the device answers with a complaint.
_USER = re.compile(r"^\s*User:\s*(\S+)\s*$", re.MULTILINE)


class IosPort(CliPort):
    """One session with an IOS switch about one port."""

    dialect = port_blocks.IOS
    show_block = "show running-config interface {}"
    show_neighbours = ("show lldp neighbors {} detail", "show cdp neighbors {} detail")

    def settle(self, *, is_trial: bool) -> Switched:
        """Take back what an earlier session of ours left unconfirmed, then look."""
        if not is_trial and self._is_ours(self.say("show archive config rollback timer")):
            self.say("configure revert now")
        return super().settle(is_trial=is_trial)

    def _is_ours(self, pending: str) -> bool:
        """Whether our login set the timer that runs; a person's own is left alone."""
        found = _USER.search(pending)
        return found is not None and found[1] == self.target.login.username

    def apply(self, before: str, commands: list[str]) -> Switched:
        """Type it, look, and confirm or go back."""
        has_dead_man = self._begin(f"configure terminal revert timer {DEAD_MAN_MINUTES}")
        if not has_dead_man and not self._begin("configure terminal"):
            return refused(because(port_reasons.NO_CONFIGURING), before, commands)
        said = self._typed(commands)
        after, left = self.left()
        if said is None and not left:
            if has_dead_man:
                self.say("configure confirm")
            self.say("write memory")
            return Switched(SwitchOutcome.APPLIED, before, commands, (), has_dead_man)
        self._go_back(before, after, has_dead_man=has_dead_man)
        reasons = [said or because(port_reasons.NOT_HELD, lines="; ".join(left))]
        if not self.stands_as(before):
            reasons.append(because(port_reasons.STUCK))
        return Switched(SwitchOutcome.ROLLED_BACK, before, commands, tuple(reasons), has_dead_man)

    def _begin(self, command: str) -> bool:
        """Enter configuration mode; whether the device let us."""
        return not WRONG.search(self.say(command))

    def _typed(self, commands: list[str]) -> Reason | None:
        complaint = self.typed(commands)
        self.say("end")
        return complaint

    def _go_back(self, before: str, after: str, *, has_dead_man: bool) -> None:
        if has_dead_man:
            self.say("configure revert now")
            return
        commands = port_blocks.undoing(before, after, self.setting.interface)
        if commands and self._begin("configure terminal"):
            self._typed(commands)
