"""How holds, the waitlist and approvals are written. Nothing tells who the others are."""

from collections.abc import Iterable, Mapping
from typing import Any

from portal.api.fields import Answer
from portal.api.instants import local, local_or_none
from rental import approval_rules, asking, hold_ranks, occupancies
from rental.hold_ranks import Ahead
from rental.models import (
    Approval,
    ApprovalStatus,
    Booking,
    BookingStatus,
    EventKind,
    Hold,
    HoldLine,
    HoldStatus,
    WaitlistEntry,
    WaitStatus,
)


class HoldLineAnswer(Answer):
    """One resource of a hold: how many, from when until when."""

    resource: str
    name: str
    quantity: int
    starts_at: str
    ends_at: str


class HoldAnswer(Answer):
    """A tentative claim. `rank` is its place while it stands; `booking` what it became."""

    reference: str
    status: HoldStatus
    rank: int | None
    unit: str
    title: str
    event_kind: EventKind
    starts_at: str
    ends_at: str
    placed_at: str
    expires_at: str
    challenged_at: str | None
    booking: str | None
    lines: list[HoldLineAnswer]


class WaitAnswer(Answer):
    """A place on the waitlist. `place` is 1 for who is offered next; `hold` is the offer."""

    reference: str
    status: WaitStatus
    place: int | None
    unit: str
    title: str
    event_kind: EventKind
    resource: str
    name: str
    quantity: int
    starts_at: str
    ends_at: str
    asked_at: str
    hold: str | None


class ApprovalAnswer(Answer):
    """One yes that a booking needs: of a role, or of the unit that owns a resource."""

    booking: str
    rule: str
    title: str | None
    role: str | None
    unit: str | None
    status: ApprovalStatus
    answered_by: str | None
    answered_at: str | None
    comment: str | None


def hold_as_json(hold: Hold, rank: int | None) -> dict[str, Any]:
    """The hold with its place among those that compete."""
    return {
        "reference": hold.reference,
        "status": hold.status.value,
        "rank": rank,
        "unit": hold.unit.slug,
        "title": hold.title,
        "event_kind": hold.event_kind.value,
        "starts_at": local(hold.starts_at),
        "ends_at": local(hold.ends_at),
        "placed_at": local(hold.placed_at),
        "expires_at": local(hold.expires_at),
        "challenged_at": local_or_none(hold.challenged_at),
        "booking": hold.booking.reference if hold.booking is not None else None,
        "lines": [_line(line) for line in hold.lines],
    }


def _line(line: HoldLine) -> dict[str, Any]:
    zone = line.resource.site.tzinfo
    return {
        "resource": line.resource.code,
        "name": line.resource.name,
        "quantity": line.quantity,
        "starts_at": local(line.starts_at, zone),
        "ends_at": local(line.ends_at, zone),
    }


def wait_as_json(entry: WaitlistEntry, places: Mapping[int, int]) -> dict[str, Any]:
    """The place on the waitlist; `places` has those who still wait."""
    zone = entry.resource.site.tzinfo
    return {
        "reference": entry.reference,
        "status": entry.status.value,
        "place": places.get(entry.id),
        "unit": entry.unit.slug,
        "title": entry.title,
        "event_kind": entry.event_kind.value,
        "resource": entry.resource.code,
        "name": entry.resource.name,
        "quantity": entry.quantity,
        "starts_at": local(entry.starts_at, zone),
        "ends_at": local(entry.ends_at, zone),
        "asked_at": local(entry.asked_at),
        "hold": entry.hold.reference if entry.hold is not None else None,
    }


def approval_as_json(approval: Approval) -> dict[str, Any]:
    """Who is asked, and what was answered."""
    title = approval_rules.titled(approval.rule)
    return {
        "booking": approval.booking.reference,
        "rule": approval.rule,
        "title": title.en if title is not None else None,
        "role": approval.role.value if approval.role is not None else None,
        "unit": approval.unit.slug if approval.unit is not None else None,
        "status": approval.status.value,
        "answered_by": approval.member.name if approval.member is not None else None,
        "answered_at": local_or_none(approval.answered_at),
        "comment": approval.comment,
    }


def holds_as_json(ahead: Iterable[Ahead]) -> list[dict[str, Any]]:
    """Holds of other units in the way: rank and end, and no names."""
    return [{"rank": one.rank, "expires_at": local(one.hold.expires_at)} for one in ahead]


def in_the_way_of(booking: Booking) -> list[dict[str, Any]]:
    """The older holds of other units that stand before a request."""
    if booking.status is not BookingStatus.REQUESTED:
        return []
    claims = occupancies.unfold(asking.asks_of(booking))
    return holds_as_json(hold_ranks.against(booking, claims))
