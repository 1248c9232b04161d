"""Maintenance plans: what has to be done to a resource, or to one asset of it, every so many days.

A plan says when it falls due; `rental.servicing` begins and ends the service itself. Due days are
days of the site's wall clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from rental import asking, catalogue, journal, shelves
from rental.errors import BadPlan, UnknownPiece, UnknownPlan
from rental.models import (
    Asset,
    Booking,
    Line,
    MaintenancePlan,
    Member,
    Occupancy,
    Resource,
    ServiceRecord,
)

MOST_DAYS = 3660
LONGEST_TITLE = 200
LONGEST_TEXT = 2000
# A booking so many days before or after the due day is near it.
NEAR = timedelta(days=3)
# A quiet day for the service is looked for so far around the due day.
AROUND = timedelta(days=7)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan says: what to do, how, every how many days, and when next."""

    title: str
    every_days: int
    next_due_on: date
    instructions: str | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """A plan with what is booked near its due day.

    `quiet_on` is the day closest to it on which nothing is booked, where the resource is one piece
    and there is such a day within a week.
    """

    plan: MaintenancePlan
    bookings: list[Booking]
    quiet_on: date | None

    @property
    def days_left(self) -> int:
        """Days until it falls due, below zero where it is late."""
        return (self.plan.next_due_on - _today(self.plan.resource)).days


def _today(resource: Resource) -> date:
    return clock.today(resource.site.tzinfo)


def add(
    resource: Resource, terms: Terms, *, asset: Asset | None = None, by: Member | None
) -> MaintenancePlan:
    """Begin to look after a resource, or one asset of it; raises BadPlan."""
    if asset is not None and asset.resource_id != resource.id:
        raise BadPlan(
            "{tag} is not an asset of {resource}; choose one that is.",
            tag=asset.tag,
            resource=resource.code,
        )
    plan = MaintenancePlan(resource=resource, asset=asset)
    _write(plan, terms)
    db.session.add(plan)
    db.session.flush()
    journal.record(plan, "added", by=by, reason=plan.title, reference=resource.code)
    return plan


def change(plan: MaintenancePlan, terms: Terms, *, by: Member | None) -> None:
    """Change what a plan says; a plan that is not active falls due no more. Raises BadPlan."""
    _write(plan, terms)
    db.session.flush()
    journal.record(plan, "changed", by=by, reason=plan.title, reference=plan.resource.code)


def _write(plan: MaintenancePlan, terms: Terms) -> None:
    title = " ".join(terms.title.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise BadPlan("Say what has to be done, in at most {most} characters.", most=LONGEST_TITLE)
    if not 1 <= terms.every_days <= MOST_DAYS:
        raise BadPlan("Every 1 to {most} days; correct the number of days.", most=MOST_DAYS)
    instructions = asking.text(terms.instructions)
    if len(instructions or "") > LONGEST_TEXT:
        raise BadPlan("The instructions have {most} characters at most.", most=LONGEST_TEXT)
    plan.title, plan.instructions = title, instructions
    plan.every_days, plan.next_due_on = terms.every_days, terms.next_due_on
    plan.is_active = terms.is_active


def get(plan_id: int) -> MaintenancePlan:
    """The plan of this number; raises UnknownPlan."""
    plan = db.session.get(MaintenancePlan, plan_id)
    if plan is None:
        raise UnknownPlan
    return plan


def plans(resource: Resource | None = None, asset: Asset | None = None) -> list[MaintenancePlan]:
    """The plans of one asset, of a resource with all its assets, or all; active and soonest first.

    What is retired is looked after no more.
    """
    query = sa.select(MaintenancePlan).join(Resource).where(~Resource.is_retired)
    if resource is not None:
        query = query.where(MaintenancePlan.resource_id == resource.id)
    if asset is not None:
        query = query.where(MaintenancePlan.asset_id == asset.id)
    found = db.session.scalars(query.options(*_WHOLE))
    return sorted(found, key=lambda plan: (not plan.is_active, *_sequence(plan)))


_WHOLE = (joinedload(MaintenancePlan.resource), joinedload(MaintenancePlan.asset))


def _sequence(plan: MaintenancePlan) -> tuple[date, tuple[tuple[int, int, str], ...], int]:
    return plan.next_due_on, catalogue.natural(plan.resource.code), plan.id


def due(until: date) -> list[MaintenancePlan]:
    """What falls due until a day, late ones first, but for what is being done now."""
    running = sa.select(ServiceRecord.plan_id).where(
        ServiceRecord.ended_at.is_(None), ServiceRecord.plan_id.is_not(None)
    )
    query = (
        sa.select(MaintenancePlan)
        .join(Resource)
        .where(
            MaintenancePlan.is_active,
            ~Resource.is_retired,
            MaintenancePlan.next_due_on <= until,
            MaintenancePlan.id.not_in(running),
        )
        .options(*_WHOLE)
    )
    return sorted(db.session.scalars(query), key=_sequence)


def outlook(found: Sequence[MaintenancePlan]) -> list[Due]:
    """Each plan with the bookings near its due day, in the same sequence; one statement."""
    windows = {plan.id: _around(plan, AROUND) for plan in found}
    taken = _taken(found, windows.values())
    told = []
    for plan in found:
        lies = taken.get(plan.resource_id, [])
        first, last = _around(plan, NEAR)
        near = {
            booking.id: booking for days, booking in lies if days[0] <= last and first <= days[1]
        }
        told.append(Due(plan, list(near.values()), _quiet(plan, windows[plan.id], lies)))
    return told


def _around(plan: MaintenancePlan, span: timedelta) -> tuple[date, date]:
    """The days around the due day; what is late is done today at the earliest."""
    today = _today(plan.resource)
    due_on = max(plan.next_due_on, today)
    return max(due_on - span, today), due_on + span


Days = tuple[date, date]


def _taken(
    found: Sequence[MaintenancePlan], windows: Iterable[Days]
) -> dict[int, list[tuple[Days, Booking]]]:
    """What is booked within the windows, by resource: first day, last day, booking; by start."""
    spans = list(windows)
    if not spans:
        return {}
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    midnight = datetime.min.time()
    during = Range(
        datetime.combine(first, midnight, clock.LOCAL) - A_DAY,
        datetime.combine(last, midnight, clock.LOCAL) + 2 * A_DAY,
        bounds="[)",
    )
    rows = db.session.execute(
        sa.select(Occupancy.resource_id, Line.starts_at, Line.ends_at, Booking)
        .join(Line, Line.id == Occupancy.line_id)
        .join(Booking, Booking.id == Line.booking_id)
        .where(
            Occupancy.resource_id.in_({plan.resource_id for plan in found}),
            Occupancy.during.overlaps(during),
        )
        .order_by(Line.starts_at, Booking.id)
    )
    zones = {plan.resource_id: plan.resource.site.tzinfo for plan in found}
    taken: dict[int, list[tuple[Days, Booking]]] = {}
    for resource_id, starts_at, ends_at, booking in rows.tuples():
        zone = zones[resource_id]
        last_instant = ends_at - timedelta(microseconds=1)
        days = starts_at.astimezone(zone).date(), last_instant.astimezone(zone).date()
        taken.setdefault(resource_id, []).append((days, booking))
    return taken


def _quiet(plan: MaintenancePlan, window: Days, lies: list[tuple[Days, Booking]]) -> date | None:
    if plan.resource.stock != 1:
        return None
    first, last = window
    days = [first + n * A_DAY for n in range((last - first).days + 1)]
    free = [day for day in days if not any(span[0] <= day <= span[1] for span, _ in lies)]
    due_on = max(plan.next_due_on, first)
    return min(free, key=lambda day: (abs((day - due_on).days), day), default=None)


def near(booking: Booking) -> list[MaintenancePlan]:
    """The plans that fall due near the booking, on what it takes, parts included; soonest first.

    Near is three days before its first day to three after its last; what is late already is near
    whatever is booked within the next days.
    """
    taken = sa.select(Occupancy.resource_id).where(
        Occupancy.line_id.in_([line.id for line in booking.lines])
    )
    query = (
        sa.select(MaintenancePlan)
        .where(MaintenancePlan.is_active, MaintenancePlan.resource_id.in_(taken))
        .options(*_WHOLE)
    )
    return sorted(
        (plan for plan in db.session.scalars(query) if _is_near(plan, booking)), key=_sequence
    )


def _is_near(plan: MaintenancePlan, booking: Booking) -> bool:
    zone = plan.resource.site.tzinfo
    if booking.ends_at <= clock.now():
        return False
    first = booking.starts_at.astimezone(zone).date()
    last = (booking.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    due_on = max(plan.next_due_on, _today(plan.resource))
    return first - NEAR <= due_on <= last + NEAR


def named(text: str) -> tuple[Resource, Asset | None]:
    """What a tag, a resource's code or a scanned label names; raises UnknownPiece.

    A label holds an address that ends in `/a/TAG`.
    """
    word = text.strip().rpartition("/a/")[2].strip()
    asset = shelves.by_tags([word]).get(word) if word else None
    if asset is not None:
        return asset.resource, asset
    resource = catalogue.find(word) if word else None
    if resource is None or resource.is_retired:
        raise UnknownPiece
    return resource, None
