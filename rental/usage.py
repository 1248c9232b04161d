"""Utilisation reports: what the period's bookings, hours and closures say, in five queries.

Halls that consist of other halls are counted in those, so that an hour is never counted twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import catalogue, closures, hours, utilisation
from rental.models import (
    BookingStatus,
    ClosureKind,
    Part,
    Resource,
    ResourceKind,
    Unit,
)
from rental.period import Period
from rental.utilisation import Amount, Spell, Stretch, Usage, Use

# What was promised and not taken back. After a no-show only the time until it was noted remains.
USED = (
    BookingStatus.CONFIRMED,
    BookingStatus.HANDED_OVER,
    BookingStatus.RETURNED,
    BookingStatus.NO_SHOW,
)
LEAD_DAYS = (1, 3, 7, 14, 30)

# Resource by resource, as the index is written; OFFSET 0 keeps the planner from time alone.
_USES = sa.text("""
    SELECT taken.resource_id,
           extract(epoch FROM greatest(line.starts_at, lower(taken.during)))::bigint,
           extract(epoch FROM least(line.ends_at, upper(taken.during)))::bigint,
           taken.quantity, booking.unit_id, booking.event_kind
    FROM unnest(CAST(:ids AS integer[])) AS wanted (id) CROSS JOIN LATERAL (
        SELECT * FROM occupancy
        WHERE int4range(resource_id, resource_id, '[]') && int4range(wanted.id, wanted.id, '[]')
          AND during && tstzrange(:starts_at, :ends_at) OFFSET 0
    ) AS taken
    JOIN line ON line.id = taken.line_id
    JOIN booking ON booking.id = line.booking_id
    WHERE booking.status = ANY(:statuses)
""")
_OUTCOMES = sa.text("""
    SELECT status, count(*),
           array_agg(extract(epoch FROM starts_at - requested_at)::bigint)
    FROM booking
    WHERE status = ANY(:statuses) AND starts_at >= :starts_at AND starts_at < :ends_at
    GROUP BY status
""")


@dataclass(frozen=True, slots=True)
class Row:
    """One resource, unit or kind of event, and the same in the period before."""

    name: str
    now: Usage
    before: Usage = field(default_factory=Usage)
    code: str = ""


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the week, summed over the period."""

    inside: Amount = 0
    capacity: Amount = 0

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where nothing is ever open."""
        return float(self.inside / self.capacity) if self.capacity else None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the events that begin in the period, and how early they were asked for."""

    by_status: Mapping[BookingStatus, int]
    # Seconds from request to start, sorted.
    leads: Sequence[int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_status.values())

    @property
    def median_lead(self) -> timedelta | None:
        """Half were asked for earlier than this."""
        if not self.leads:
            return None
        return timedelta(seconds=max(0, self.leads[(len(self.leads) - 1) // 2]))

    def lead_counts(self) -> list[int]:
        """How many were asked for less than 1, 3, 7, 14, 30 days before, and earlier still."""
        counts = [0] * (len(LEAD_DAYS) + 1)
        for seconds in self.leads:
            counts[sum(seconds >= days * 86_400 for days in LEAD_DAYS)] += 1
        return counts


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a period's report shows."""

    period: Period
    before: Period
    halls: list[Row]
    pools: list[Row]
    units: list[Row]
    kinds: list[Row]
    # Monday's midnight first.
    hours: list[Hour]
    total: Row
    outcomes: Outcomes
    outcomes_before: Outcomes

    @property
    def last_before(self) -> date:
        """The last day of the period before."""
        return (self.before.ends_at - timedelta(days=1)).date()


def days(first: date, last: date) -> Period:
    """From the midnight of a day to the midnight after another, on the Centre's clock."""
    return Period(
        datetime.combine(first, time(), clock.LOCAL),
        datetime.combine(last + timedelta(days=1), time(), clock.LOCAL),
    )


def period_before(first: date, last: date) -> tuple[date, date]:
    """As many whole months before whole months, else as many days before those days."""
    after = last + timedelta(days=1)
    if first.day == 1 and after.day == 1:
        months = (after.year - first.year) * 12 + after.month - first.month
        start = first.year * 12 + first.month - 1 - months
        return date(start // 12, start % 12 + 1, 1), first - timedelta(days=1)
    return first - (after - first), first - timedelta(days=1)


@dataclass(slots=True)
class _Measured:
    """One period, measured: by resource, and over all the halls."""

    rows: dict[int, Usage] = field(default_factory=dict)
    units: dict[object, Usage] = field(default_factory=dict)
    kinds: dict[object, Usage] = field(default_factory=dict)
    total: Usage = field(default_factory=Usage)
    inside: dict[int, Amount] = field(default_factory=lambda: defaultdict(int))
    capacity: dict[int, Amount] = field(default_factory=lambda: defaultdict(int))


def report(first: date, last: date) -> Report:
    """The report of these days, both included, beside the period before."""
    period, before = days(first, last), days(*period_before(first, last))
    resources = _counted()
    now, then = _measure(resources, period), _measure(resources, before)
    names = dict(db.session.execute(sa.select(Unit.id, Unit.name)).tuples().all())

    def of(kind: ResourceKind | None) -> list[Row]:
        return [
            Row(r.name, now.rows[r.id], then.rows[r.id], r.code)
            for r in resources
            if (r.kind is ResourceKind.HALL) == (kind is ResourceKind.HALL)
        ]

    return Report(
        period=period,
        before=before,
        halls=of(ResourceKind.HALL),
        pools=of(None),
        units=_rows(now.units, then.units, names),
        kinds=_rows(now.kinds, then.kinds, {}),
        hours=[Hour(now.inside.get(h, 0), now.capacity.get(h, 0)) for h in range(168)],
        total=Row("", now.total, then.total),
        outcomes=_outcomes(period),
        outcomes_before=_outcomes(before),
    )


def _rows(
    now: Mapping[object, Usage], then: Mapping[object, Usage], names: Mapping[int, str]
) -> list[Row]:
    """The largest first."""
    rows = [
        Row(
            names.get(key, str(key)) if isinstance(key, int) else str(key),
            found,
            then.get(key, Usage()),
        )
        for key, found in now.items()
    ]
    return sorted(rows, key=lambda row: (-(row.now.inside + row.now.outside), row.name))


def _counted() -> list[Resource]:
    """Halls that consist of no other hall, and everything else, in natural order."""
    whole = (
        sa.select(Part.whole_id)
        .join(Resource, Resource.id == Part.part_id)
        .where(Resource.kind == ResourceKind.HALL)
    )
    found = db.session.scalars(
        sa.select(Resource).where(
            ~Resource.is_retired,
            ~Resource.is_uplink,
            sa.or_(Resource.kind != ResourceKind.HALL, Resource.id.not_in(whole)),
        )
    ).unique()
    return sorted(found, key=lambda r: (r.kind.value, catalogue.natural(r.code)))


def _measure(resources: Sequence[Resource], period: Period) -> _Measured:
    uses = _uses(resources, period)
    closed = _closed(resources, period)
    opened = {
        site.id: [(int(p.starts_at.timestamp()), int(p.ends_at.timestamp())) for p in spans]
        for site in {r.site_id: r.site for r in resources}.values()
        for spans in [hours.open_spans(site, period)]
    }
    found = _Measured()
    # Most halls are never closed: what they can hold by hour is the same.
    known: dict[tuple[int, int], dict[int, Amount]] = {}
    for resource in resources:
        spells = utilisation.capacity(resource.stock, opened[resource.site_id], closed[resource.id])
        mine = uses[resource.id]
        stretches = list(utilisation.within(spells, mine))
        found.rows[resource.id] = utilisation.usage(spells, mine, stretches)
        if resource.kind is not ResourceKind.HALL:
            continue
        _add_hall(found, mine, stretches)
        found.total += found.rows[resource.id]
        zone = resource.site.tzinfo
        key = (resource.site_id, resource.stock)
        if closed[resource.id] or key not in known:
            held = utilisation.by_hour(spells, zone)
            if not closed[resource.id]:
                known[key] = held
        else:
            held = known[key]
        _add(found.capacity, held)
        _add(found.inside, utilisation.by_hour(stretches, zone))
    return found


def _add(to: dict[int, Amount], more: Mapping[int, Amount]) -> None:
    for key, amount in more.items():
        to[key] += amount


def _add_hall(found: _Measured, uses: list[Use], stretches: list[Stretch]) -> None:
    for kept, key in (
        (found.units, lambda use: use.unit_id),
        (found.kinds, lambda use: use.event_kind),
    ):
        for name, part in utilisation.split(uses, stretches, key).items():
            kept[name] = kept.get(name, Usage()) + part


def _uses(resources: Sequence[Resource], period: Period) -> dict[int, list[Use]]:
    found: dict[int, list[Use]] = {resource.id: [] for resource in resources}
    first, last = int(period.starts_at.timestamp()), int(period.ends_at.timestamp())
    rows = db.session.execute(
        _USES,
        {
            "ids": list(found),
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
            "statuses": [status.value for status in USED],
        },
    )
    for resource_id, starts, ends, pieces, unit_id, kind in rows:
        use = utilisation.clipped(Use(starts, ends, pieces, unit_id, kind), first, last)
        if use is not None:
            found[resource_id].append(use)
    return found


def _closed(resources: Sequence[Resource], period: Period) -> dict[int, list[Spell]]:
    stocks = {resource.id: resource.stock for resource in resources}
    found: dict[int, list[Spell]] = {resource_id: [] for resource_id in stocks}
    for closure in closures.standing(stocks, period):
        # A reserved closure takes no stock: some units may book.
        if closure.kind is ClosureKind.RESERVED:
            continue
        lower, upper = closure.during.lower, closure.during.upper
        starts = max(lower, period.starts_at) if lower else period.starts_at
        ends = min(upper, period.ends_at) if upper else period.ends_at
        pieces = closure.quantity or stocks[closure.resource_id]
        spell = Spell(int(starts.timestamp()), int(ends.timestamp()), pieces)
        found[closure.resource_id].append(spell)
    return found


def _outcomes(period: Period) -> Outcomes:
    rows = db.session.execute(
        _OUTCOMES,
        {
            "statuses": [status.value for status in BookingStatus],
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
        },
    ).all()
    leads: Iterable[int] = (seconds for _status, _count, found in rows for seconds in found)
    return Outcomes({BookingStatus(row[0]): row[1] for row in rows}, sorted(leads))
