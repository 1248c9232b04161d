"""Quotas at work: what a unit has booked already, under a lock of its own.

Two simultaneous requests of one unit cannot both slip through: whoever counts first locks the
unit's counting until its transaction ends.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NoReturn
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import journal, quota_rules, units
from rental.errors import QuotaExceeded
from rental.models import Booking, BookingStatus, Line, Member, Resource, Site, Unit
from rental.occupancies import Ask
from rental.period import Period
from rental.quota_rules import Counted, Excess, Measure, Quota, Use

# One lock for each unit; the first number is ours among the advisory locks of the database.
COUNTING = 0x4D43_0010
HOLDS_OF_A_UNIT = 5
# What was never used, or given back before, does not count.
GIVEN_BACK = (BookingStatus.DECLINED, BookingStatus.CANCELLED, BookingStatus.EXPIRED)


def lock(unit: Unit) -> None:
    """Count for this unit alone until the transaction ends. Before any lock on resources."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(COUNTING, unit.id)))


def touching(unit: Unit, asks: Iterable[Ask]) -> list[Quota]:
    """The quotas that could limit these lines of this unit; no query."""
    resources = {Counted.of(ask.resource) for ask in asks}
    return [
        quota
        for quota in quota_rules.load()
        if quota.measure is not Measure.HOLDS
        and quota.speaks_of(unit)
        and any(quota.counts(resource) for resource in resources)
    ]


def standing(
    unit: Unit, bookings: Sequence[Sequence[Ask]], *, apart_from: Collection[int] = ()
) -> list[Excess]:
    """How each quota stands with these bookings added; nothing where none could limit them."""
    quotas = touching(unit, (ask for asks in bookings for ask in asks))
    if not quotas:
        return []
    wanted = [
        Use(-number, Counted.of(ask.resource), ask.quantity, ask.period)
        for number, asks in enumerate(bookings, start=1)
        for ask in asks
    ]
    taken = _taken(unit, quotas, wanted, apart_from)
    return quota_rules.measured(quotas, taken, wanted)


# Plain values: a unit may have hundreds of lines in a month, and a request reads them all.
_LINES = (
    sa.select(
        Line.booking_id,
        Line.quantity,
        Line.starts_at,
        Line.ends_at,
        Resource.kind,
        Resource.code,
        Resource.category,
        Site.zone,
    )
    .join(Booking, Booking.id == Line.booking_id)
    .join(Resource, Resource.id == Line.resource_id)
    .join(Site, Site.id == Resource.site_id)
)


def _taken(
    unit: Unit, quotas: Sequence[Quota], wanted: Sequence[Use], apart_from: Collection[int]
) -> list[Use]:
    spans = [
        quota_rules.span_of(quota.per, instant, use.zone)
        for quota in quotas
        if quota.per is not None
        for use in wanted
        for instant in use.period
    ]
    query = _LINES.where(
        Booking.unit_id == unit.id,
        Booking.status.not_in(GIVEN_BACK),
        Booking.starts_at < max(span.ends_at for span in spans),
        Booking.ends_at > min(span.starts_at for span in spans),
    )
    if apart_from:
        query = query.where(Booking.id.not_in(apart_from))
    return [
        Use(
            row.booking_id,
            Counted(row.kind, row.code, row.category, ZoneInfo(row.zone)),
            row.quantity,
            Period(row.starts_at, row.ends_at),
        )
        for row in db.session.execute(query)
    ]


def check(
    unit: Unit,
    bookings: Sequence[Sequence[Ask]],
    *,
    by: Member,
    apart_from: Collection[int] = (),
) -> list[Excess]:
    """Refuse with QuotaExceeded what goes beyond; the staff goes beyond knowingly.

    Gives back what the staff exceeds, to be noted with the booking.
    """
    if not touching(unit, (ask for asks in bookings for ask in asks)):
        return []
    lock(unit)
    over = [one for one in standing(unit, bookings, apart_from=apart_from) if one.is_over]
    if over and not units.is_staff(by):
        _refuse(over[0])
    return over


def _refuse(excess: Excess) -> NoReturn:
    zone = clock.LOCAL
    left = f"{excess.left.normalize():f}"
    raise QuotaExceeded(
        "The quota “{quota}” leaves your unit {left} of {limit} until {until}, and this needs "
        "{wanted}. Choose another time, or ask the desk.",
        words={
            "quota": excess.quota.title,
            "until": excess.span.ends_at.astimezone(zone).strftime("%H:%M %d/%m/%Y"),
        },
        rule=excess.quota.id,
        measure=excess.quota.measure.value,
        left=left,
        limit=str(excess.quota.limit),
        wanted=f"{excess.wanted.normalize():f}",
        until_at=excess.span.ends_at.isoformat(),
    )


def note(booking: Booking, over: Iterable[Excess], *, by: Member) -> None:
    """Write down that the staff went beyond a quota for the unit."""
    for excess in over:
        journal.record(booking, "exceeded_quota", by=by, rule=excess.quota.id)


def most_holds(unit: Unit) -> int:
    """How many holds may stand for a unit at once: the lowest quota of its own, or five."""
    today = clock.today()
    limits = [
        quota.limit
        for quota in quota_rules.load()
        if quota.measure is Measure.HOLDS and quota.speaks_of(unit) and quota.holds_on(today)
    ]
    return min(limits, default=HOLDS_OF_A_UNIT)
