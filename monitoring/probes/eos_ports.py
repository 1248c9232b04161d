"""Ports of Arista EOS, changed in a configuration session that is committed for a time.

Nothing of a session takes effect before it is committed, so the switch's own comparison is looked
at first. `commit timer` goes back by itself unless the session is committed once more (Arista EOS
User Manual, "Configure Session").
"""

import re
import secrets

from monitoring import port_blocks, port_reasons
from monitoring.port_reasons import Reason, because
from monitoring.probes.cli_ports import DEAD_MAN_MINUTES, WRONG, CliPort
from monitoring.probes.switched import Switched, SwitchOutcome, refused

PREFIX = "media-center-"
# `show configuration sessions`: what a worker that died left behind, perhaps under its timer.
_LEFT = re.compile(rf"^\W*({PREFIX}\w+)\s+pending", re.MULTILINE)


class EosPort(CliPort):
    """One session with an EOS switch about one port."""

    dialect = port_blocks.EOS
    show_block = "show running-config interfaces {}"
    show_neighbours = ("show lldp neighbors {} detail",)

    def settle(self, *, is_trial: bool) -> Switched:
        """Take back what an earlier session left unconfirmed, then look."""
        if not is_trial:
            for name in _LEFT.findall(self.say("show configuration sessions")):
                self.say(f"configure session {name} abort")
        return super().settle(is_trial=is_trial)

    def apply(self, before: str, commands: list[str]) -> Switched:
        """Write it down, compare, commit for a time, look, and commit for good or go back."""
        name = PREFIX + secrets.token_hex(4)
        if WRONG.search(self.say(f"configure session {name}")):
            return refused(because(port_reasons.NO_CONFIGURING), before, commands)
        against = self.typed(commands) or self._beyond()
        if against is None:
            against = self.complaint(f"commit timer 00:{DEAD_MAN_MINUTES:02}:00")
        if against is not None:
            self.say("abort")
            return self._brought_back(before, commands, against)
        _after, left = self.left()
        if left:
            against = because(port_reasons.NOT_HELD, lines="; ".join(left))
        else:
            against = self.complaint(f"configure session {name} commit")
        if against is None:
            self.say("write memory")
            return Switched(SwitchOutcome.APPLIED, before, commands, (), has_dead_man=True)
        self.say(f"configure session {name} abort")
        return self._brought_back(before, commands, against)

    def _beyond(self) -> Reason | None:
        """What the session would change beside the port: somebody else's doing, meanwhile."""
        lines = port_blocks.beyond(self.say("show session-config diffs"), self.setting)
        return because(port_reasons.BEYOND, lines="; ".join(lines[:5])) if lines else None

    def _brought_back(self, before: str, commands: list[str], against: Reason) -> Switched:
        stuck = () if self.stands_as(before) else (because(port_reasons.STUCK),)
        reasons = (against, *stuck)
        return Switched(SwitchOutcome.ROLLED_BACK, before, commands, reasons, has_dead_man=True)
