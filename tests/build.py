"""Builders with overrides: each adds one valid row, flushed, and gives it back."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from config.database import db
from rental.models import (
    Booking,
    EventKind,
    Line,
    Member,
    Resource,
    ResourceKind,
    Role,
    Site,
    Unit,
)

_numbers = count(1)

# A Tuesday far enough ahead that no test runs into its own past.
TUESDAY = datetime(2030, 3, 5, 2, 0, tzinfo=UTC)


def _added(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def a_site(**over: Any) -> Site:
    number = next(_numbers)
    return _added(Site(**{"slug": f"site-{number}", "name": f"Site {number}", **over}))


def a_unit(**over: Any) -> Unit:
    number = next(_numbers)
    return _added(Unit(**{"slug": f"unit-{number}", "name": f"Đơn vị {number}", **over}))


def a_member(**over: Any) -> Member:
    number = next(_numbers)
    if "unit" not in over and "unit_id" not in over:
        over["unit"] = a_unit()
    return _added(
        Member(**{"email": f"member-{number}@example.com", "name": f"Người {number}", **over})
    )


def desk(**over: Any) -> Member:
    if "unit" not in over:
        over["unit"] = a_unit(is_centre=True)
    return a_member(**{"role": Role.DESK, **over})


def _resource(kind: ResourceKind, **over: Any) -> Resource:
    number = next(_numbers)
    if "site" not in over and "site_id" not in over:
        over["site"] = a_site()
    return _added(
        Resource(**{"kind": kind, "code": f"R{number}", "name": f"Resource {number}", **over})
    )


def a_hall(**over: Any) -> Resource:
    return _resource(ResourceKind.HALL, **{"seats": 100, **over})


def equipment(**over: Any) -> Resource:
    return _resource(ResourceKind.EQUIPMENT, **{"stock": 7, **over})


def a_circuit(**over: Any) -> Resource:
    return _resource(ResourceKind.CIRCUIT, **{"mbps": 100, **over})


def a_booking(*resources: Resource, starts_at: datetime = TUESDAY, **over: Any) -> Booking:
    """A booking row with a line for each resource and no occupancy: for rules that read it."""
    number = next(_numbers)
    hours = over.pop("hours", 4)
    ends_at = starts_at + timedelta(hours=hours)
    member = over.pop("member", None) or a_member()
    booking = Booking(
        **{
            "reference": f"BK-{number // 10_000:04}-{number % 10_000:04}",
            "unit": member.unit,
            "member": member,
            "title": "Họp báo",
            "event_kind": EventKind.CONFERENCE,
            "starts_at": starts_at,
            "ends_at": ends_at,
            **over,
        }
    )
    booking.lines = [
        Line(resource=resource, quantity=1, starts_at=starts_at, ends_at=ends_at)
        for resource in resources
    ]
    return _added(booking)
