"""Which approvals a booking needs: dated rules of `config/approvals`, and owners of resources.

Rules over values. What a rule looked at is kept as its grounds: where they stay the same, so does
the answer; where they change, it is asked again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from config import clock, documents
from rental.models import Booking, EventKind, Line, Organiser, ResourceKind, Role
from rental.wording import Dated, Wording

FOLDER = documents.HOME / "approvals"
OWNER = "owner"

Grounds = tuple[Any, ...]


class When(BaseModel):
    """What a rule asks of a booking; what is left out narrows nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[ResourceKind, ...] = ()
    codes: tuple[str, ...] = ()
    # Mbps of a line: speed of the circuit × pieces.
    mbps_min: int | None = Field(default=None, ge=1)
    event_kinds: tuple[EventKind, ...] = ()
    organiser: Organiser | None = None
    attendees_min: int | None = Field(default=None, ge=1)

    @property
    def is_of_lines(self) -> bool:
        """Whether it speaks of some lines only."""
        return bool(self.kinds or self.codes or self.mbps_min is not None)

    def grounds(self, booking: Booking) -> Grounds | None:
        """What of the booking meets it; None where it does not ask."""
        if self.event_kinds and booking.event_kind not in self.event_kinds:
            return None
        if self.organiser is not None and booking.organiser is not self.organiser:
            return None
        if self.attendees_min is not None and (booking.attendees or 0) < self.attendees_min:
            return None
        lines = [line for line in booking.lines if self._meets(line)]
        if self.is_of_lines and not lines:
            return None
        people = booking.attendees if self.attendees_min is not None else None
        return (people, *sorted(_as_ground(line) for line in lines))

    def _meets(self, line: Line) -> bool:
        resource = line.resource
        return (
            (not self.kinds or resource.kind in self.kinds)
            and (not self.codes or resource.code in self.codes)
            and (self.mbps_min is None or (resource.mbps or 0) * line.quantity >= self.mbps_min)
        )


def _as_ground(line: Line) -> tuple[str, int, str, str]:
    starts_at, ends_at = line.starts_at.isoformat(), line.ends_at.isoformat()
    return line.resource.code, line.quantity, starts_at, ends_at


class ApprovalRule(Dated):
    """One dated rule: whose yes is needed, and when. The desk's yes is the confirmation itself."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")
    title: Wording
    roles: tuple[Literal["operator", "director"], ...] = Field(min_length=1)
    when: When = When()

    @field_validator("id")
    @classmethod
    def _is_no_owner(cls, value: str) -> str:
        if value == OWNER:
            raise ValueError("'owner' is the rule of resources that belong to a unit")
        return value


class ApprovalFile(BaseModel):
    """A file of approval rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[ApprovalRule, ...]


@cache
def load(folder: Path = FOLDER) -> tuple[ApprovalRule, ...]:
    """Every rule of the installation."""
    return tuple(
        rule for each in documents.read_folder(folder, ApprovalFile) for rule in each.rules
    )


@dataclass(frozen=True, slots=True)
class Need:
    """One yes that a booking needs: its key, what it is about, and whose it is."""

    key: str
    grounds: Grounds
    role: Role | None = None
    unit_id: int | None = None


def needs(booking: Booking, rules: Sequence[ApprovalRule]) -> dict[str, Need]:
    """Every approval that the booking needs by its key, as it stands now. No query for rules."""
    found: dict[str, Need] = {}
    day = _day(booking)
    for rule in rules:
        if not rule.holds_on(day):
            continue
        grounds = rule.when.grounds(booking)
        if grounds is None:
            continue
        for role in rule.roles:
            key = f"{rule.id}:{role}"
            found[key] = Need(key=key, role=Role(role), grounds=grounds)
    for line in booking.lines:
        owner_id = line.resource.owner_id
        if owner_id is not None and owner_id != booking.unit_id:
            key = f"{OWNER}:{line.resource.code}"
            grounds = tuple(
                sorted(_as_ground(one) for one in booking.lines if one.resource is line.resource)
            )
            found[key] = Need(key=key, unit_id=owner_id, grounds=grounds)
    return found


def _day(booking: Booking) -> date:
    zone = booking.lines[0].resource.site.tzinfo if booking.lines else clock.LOCAL
    return booking.starts_at.astimezone(zone).date()


def titled(key: str) -> Wording | None:
    """The title of the rule behind a key; None for an owner's, or a rule that has gone."""
    rule_id = key.partition(":")[0]
    return next((rule.title for rule in load() if rule.id == rule_id), None)
