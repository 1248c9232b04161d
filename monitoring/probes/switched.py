"""What came of switching a port, whatever the platform."""

from dataclasses import dataclass, field
from enum import StrEnum

from monitoring import port_reasons
from monitoring.port_reasons import Reason


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
    reasons: tuple[Reason, ...] = ()
    has_dead_man: bool = False

    @property
    def reason(self) -> str | None:
        """Why it ended so, in English."""
        return port_reasons.in_english(self.reasons)


def refused(reason: Reason, before: str = "", commands: list[str] | None = None) -> Switched:
    """The port is left as it was found."""
    return Switched(SwitchOutcome.REFUSED, before, commands or [], (reason,))
