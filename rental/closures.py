"""Taking a resource off the calendar, and putting it back.

A closure may lie over bookings made before it: nothing is cancelled, but nothing new fits, and a
confirmation or a handover is refused while it lasts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from config import clock
from config.database import db
from rental import catalogue, journal
from rental.errors import BadResource, ReservedForOthers, ResourceClosed, UnknownClosure
from rental.models import (
    HOLDING,
    Booking,
    Closure,
    ClosureException,
    ClosureKind,
    Line,
    Member,
    Occupancy,
    Resource,
    Unit,
)
from rental.occupancies import Wanted
from rental.period import Period


@dataclass(frozen=True, slots=True)
class NewClosure:
    """What is taken off the calendar: why, when, and how many pieces (None: all).

    `during` is a period, or the instant from which on it lasts until somebody reopens it. `cause`
    names who asked, in the words of a floor above: "violation:12".
    """

    kind: ClosureKind
    during: Period | datetime
    reason: str
    cause: str | None = None
    quantity: int | None = None


def close(resource: Resource, new: NewClosure, *, by: Member | None = None) -> Closure:
    """Take pieces of a resource off the calendar; `by` None is the service itself.

    The same open cause closes once: a second call gives back the first closure.
    """
    reason = new.reason.strip()
    if not reason:
        raise BadResource("Say why it is closed: renters read the reason.")
    if new.quantity is not None and not 1 <= new.quantity <= resource.stock:
        raise BadResource(
            "Between 1 and {stock} of {resource} can be closed; correct the quantity.",
            stock=resource.stock,
            resource=resource.code,
        )
    catalogue.lock([resource.id])
    if new.cause is not None and (standing := find_open(resource, new.cause)) is not None:
        return standing
    starts_at, ends_at = new.during if isinstance(new.during, Period) else (new.during, None)
    closure = Closure(
        resource=resource,
        kind=new.kind,
        during=Range(starts_at, ends_at, bounds="[)"),
        quantity=new.quantity,
        reason=reason[:500],
        cause=new.cause,
    )
    db.session.add(closure)
    db.session.flush()
    journal.record(
        resource, f"closed_{new.kind.value}", by=by, reason=reason[:500], closure=closure.id
    )
    return closure


def reserve(
    resource: Resource,
    period: Period,
    reason: str,
    units: Sequence[Unit],
    *,
    by: Member | None = None,
) -> Closure:
    """Keep a resource for some units: they book it as ever, all others are refused by name.

    Bookings made before it stand. Raises BadResource without a reason or without a unit.
    """
    if not units:
        raise BadResource("Choose at least one unit that may book it.")
    closure = close(resource, NewClosure(ClosureKind.RESERVED, period, reason), by=by)
    closure.exceptions = [
        ClosureException(unit_id=unit.id) for unit in {unit.id: unit for unit in units}.values()
    ]
    db.session.flush()
    return closure


# Written out, and not built anew at each call: every booking asks it.
_RESERVED = sa.text("""
    SELECT closure.id FROM closure
    WHERE closure.kind = 'reserved' AND closure.resource_id = ANY(:ids)
      AND closure.during && tstzrange(:starts_at, :ends_at)
      AND NOT EXISTS (
        SELECT 1 FROM closure_exception
        WHERE closure_exception.closure_id = closure.id
          AND closure_exception.unit_id = :unit_id)
    ORDER BY closure.id
""")


def kept_from(unit_id: int, span: Period) -> list[Closure]:
    """All that is kept for other units in the span, oldest first; nearly always none."""
    return list(
        db.session.scalars(
            sa.select(Closure)
            .where(
                Closure.kind == ClosureKind.RESERVED,
                Closure.during.overlaps(Range(span.starts_at, span.ends_at, bounds="[)")),
                ~sa.exists().where(
                    ClosureException.closure_id == Closure.id, ClosureException.unit_id == unit_id
                ),
            )
            .order_by(Closure.id)
        )
    )


def reserved_for_others(wishes: Sequence[Wanted], unit_id: int) -> list[Closure]:
    """The reservations in the way of this unit, oldest first. One query if there are none."""
    if not wishes:
        return []
    ids = db.session.scalars(
        _RESERVED,
        {
            "ids": list({wish.resource_id for wish in wishes}),
            "starts_at": min(wish.period.starts_at for wish in wishes),
            "ends_at": max(wish.period.ends_at for wish in wishes),
            "unit_id": unit_id,
        },
    ).all()
    if not ids:
        return []
    found = db.session.scalars(sa.select(Closure).where(Closure.id.in_(ids)).order_by(Closure.id))
    return [closure for closure in found if any(covers(closure, wish) for wish in wishes)]


def covers(closure: Closure, wish: Wanted) -> bool:
    """Whether a closure lies on what a wish would take."""
    starts_at, ends_at = closure.during.lower, closure.during.upper
    return (
        closure.resource_id == wish.resource_id
        and (starts_at is None or starts_at < wish.period.ends_at)
        and (ends_at is None or wish.period.starts_at < ends_at)
    )


def require_unreserved(wishes: Sequence[Wanted], unit_id: int) -> None:
    """Refuse with ReservedForOthers, naming the reason, what is kept for other units."""
    for closure in reserved_for_others(wishes, unit_id):
        raise ReservedForOthers(
            "{resource} is kept for other units at that time ({reason}); choose another time or "
            "resource, or ask the desk.",
            words={"reason": closure.reason},
            resource=closure.resource.code,
        )


def get(resource: Resource, closure_id: int) -> Closure:
    """A closure of this resource; raises UnknownClosure."""
    closure = db.session.scalar(
        sa.select(Closure).where(Closure.id == closure_id, Closure.resource_id == resource.id)
    )
    if closure is None:
        raise UnknownClosure
    return closure


def reopen(closure: Closure, *, by: Member | None = None) -> None:
    """Put the resource back on the calendar from now on; a second call changes nothing."""
    if closure.reopened_at is not None:
        return
    catalogue.lock([closure.resource_id])
    now = clock.now()
    starts_at, ends_at = closure.during.lower, closure.during.upper
    closure.reopened_at = now
    if starts_at is not None and starts_at >= now:
        # It never began: an empty range overlaps nothing.
        closure.during = Range(empty=True)
    elif ends_at is None or ends_at > now:
        closure.during = Range(starts_at, now, bounds="[)")
    db.session.flush()
    journal.record(closure.resource, "reopened", by=by, closure=closure.id)


def bring_forward(closure: Closure, starts_at: datetime) -> None:
    """Let a closure that is yet to begin begin at `starts_at`, where that is sooner."""
    catalogue.lock([closure.resource_id])
    begins, ends_at = closure.during.lower, closure.during.upper
    if begins is None or begins <= starts_at:
        return
    closure.during = Range(starts_at, ends_at, bounds="[)")
    db.session.flush()
    journal.record(closure.resource, "closed_sooner", by=None, closure=closure.id)


def find_open(resource: Resource, cause: str) -> Closure | None:
    """The closure of this cause that nobody has ended yet."""
    return db.session.scalar(
        sa.select(Closure).where(
            Closure.resource_id == resource.id,
            Closure.cause == cause,
            Closure.reopened_at.is_(None),
        )
    )


def standing(resource_ids: Iterable[int], period: Period) -> list[Closure]:
    """The closures that overlap `period` on any of these resources, oldest first."""
    during = Range(period.starts_at, period.ends_at, bounds="[)")
    return list(
        db.session.scalars(
            sa.select(Closure)
            .where(Closure.resource_id.in_(set(resource_ids)), Closure.during.overlaps(during))
            .order_by(Closure.id)
        )
    )


def require_open(resource_ids: Iterable[int], period: Period) -> None:
    """Refuse with ResourceClosed, naming the reason, where one is wholly closed."""
    for closure in standing(resource_ids, period):
        if closure.quantity is None and closure.kind is not ClosureKind.RESERVED:
            raise ResourceClosed(
                "{resource} is off the calendar ({kind}: {reason}); choose another time or "
                "resource.",
                words={"kind": closure.kind, "reason": closure.reason},
                resource=closure.resource.code,
                kind=closure.kind.value,
            )


def affected(closure: Closure) -> list[Booking]:
    """The bookings that hold the resource while it is closed, soonest first."""
    return list(
        db.session.scalars(
            sa.select(Booking)
            .where(
                Booking.status.in_(HOLDING),
                Booking.id.in_(
                    sa.select(Line.booking_id)
                    .join(Occupancy, Occupancy.line_id == Line.id)
                    .where(
                        Occupancy.resource_id == closure.resource_id,
                        Occupancy.during.overlaps(closure.during),
                    )
                ),
            )
            .order_by(Booking.starts_at)
        )
    )
