"""How far the partners are with the yearly targets of an agreement, counted from bookings.

What counts took place or is promised (confirmed, handed over, returned) in the calendar year of the
target, on the wall clock of the site; the whole year counts, also before the paper was signed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from config.database import db
from rental.models import (
    Agreement,
    AgreementTarget,
    Booking,
    BookingStatus,
    EventKind,
    Line,
    Resource,
    ResourceKind,
    Site,
    TargetMeasure,
)
from rental.period import Period

COUNTED = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER, BookingStatus.RETURNED)
HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of a booking that counts."""

    booking_id: int
    event_kind: EventKind
    attendees: int
    resource_kind: ResourceKind
    quantity: int
    period: Period
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """A target and how much of it is done; hours are exact."""

    target: AgreementTarget
    done: Fraction

    @property
    def percent(self) -> int:
        """Whole percent that are reached, rounded down: 100 means done."""
        return int(self.done * 100 / self.target.goal)


def of(agreement: Agreement) -> list[Progress]:
    """Each target with what is done: one query for all of them."""
    return of_all([agreement])[agreement.id]


def of_all(agreements: Iterable[Agreement]) -> dict[int, list[Progress]]:
    """The same for several agreements, by id."""
    found = list(agreements)
    years = {target.year for each in found for target in each.targets}
    deeds = _deeds({each.unit_id for each in found}, years) if years else {}
    return {
        each.id: [
            Progress(target, counted(target, deeds.get(each.unit_id, [])))
            for target in each.targets
        ]
        for each in found
    }


def counted(target: AgreementTarget, deeds: Iterable[Deed]) -> Fraction:
    """How much of the target these lines are. Pure.

    An event and its attendees count once, in the year in which its first line starts. Hours are
    those of halls, unless the target names another kind, each piece of a line for itself, and only
    the part that lies in the year.
    """
    chosen = [deed for deed in deeds if target.event_kind in (None, deed.event_kind)]
    if target.measure is TargetMeasure.HOURS:
        kind = target.resource_kind or ResourceKind.HALL
        of_kind = (deed for deed in chosen if deed.resource_kind is kind)
        return sum((_hours_in(deed, target.year) for deed in of_kind), Fraction(0))
    starts: dict[int, tuple[datetime, Deed]] = {}
    kinds: dict[int, set[ResourceKind]] = {}
    for deed in chosen:
        kinds.setdefault(deed.booking_id, set()).add(deed.resource_kind)
        known = starts.get(deed.booking_id)
        if known is None or deed.period.starts_at < known[0]:
            starts[deed.booking_id] = (deed.period.starts_at, deed)
    firsts = [
        deed
        for instant, deed in starts.values()
        if instant.astimezone(deed.zone).year == target.year
        and (target.resource_kind is None or target.resource_kind in kinds[deed.booking_id])
    ]
    if target.measure is TargetMeasure.ATTENDEES:
        return Fraction(sum(deed.attendees for deed in firsts))
    return Fraction(len(firsts))


def _hours_in(deed: Deed, year: int) -> Fraction:
    first = max(deed.period.starts_at, datetime(year, 1, 1, tzinfo=deed.zone).astimezone(UTC))
    last = min(deed.period.ends_at, datetime(year + 1, 1, 1, tzinfo=deed.zone).astimezone(UTC))
    if last <= first:
        return Fraction(0)
    return deed.quantity * Fraction((last - first) // timedelta(microseconds=1), HOUR)


def _deeds(unit_ids: set[int], years: set[int]) -> dict[int, list[Deed]]:
    """The lines that count of some units, a day before the first year to a day after the last."""
    rows = db.session.execute(_lines(unit_ids, years))
    found: dict[int, list[Deed]] = {}
    for unit_id, booking_id, event, people, kind, quantity, starts_at, ends_at, zone in rows:
        deed = Deed(
            booking_id,
            event,
            people or 0,
            kind,
            quantity,
            Period(starts_at, ends_at),
            ZoneInfo(zone),
        )
        found.setdefault(unit_id, []).append(deed)
    return found


def _lines(unit_ids: set[int], years: set[int]) -> sa.Select[Any]:
    margin = timedelta(days=1)
    first = datetime(min(years), 1, 1, tzinfo=UTC) - margin
    last = datetime(max(years) + 1, 1, 1, tzinfo=UTC) + margin
    return (
        sa.select(
            Booking.unit_id,
            Booking.id,
            Booking.event_kind,
            Booking.attendees,
            Resource.kind,
            Line.quantity,
            Line.starts_at,
            Line.ends_at,
            Site.zone,
        )
        .join(Line, Line.booking_id == Booking.id)
        .join(Resource, Line.resource_id == Resource.id)
        .join(Site, Resource.site_id == Site.id)
        .where(
            Booking.unit_id.in_(unit_ids),
            Booking.status.in_(COUNTED),
            Booking.starts_at < last,
            Booking.ends_at > first,
        )
        .order_by(Line.id)
    )
