"""Traffic on ports of circuits that nobody has booked: found from the buckets of five minutes.

A bucket counts as booked where a booking overlaps it, its lead and lag included, or the circuit is
closed for maintenance. Each bucket is taken in once, though several look at the same time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import joinedload

from config.database import db
from monitoring import charts, circuits, discovery, rollups
from monitoring.circuits import PortTerms
from monitoring.models import (
    AccessPort,
    Device,
    FiveMinuteRow,
    PortChange,
    RollupLevel,
    UnbookedRun,
    UnbookedWatch,
)
from monitoring.probes.switched import SwitchOutcome
from monitoring.rolling import FIVE_MINUTES, STATS
from monitoring.unbooked_runs import Heard, RunEnd, Spell, step
from monitoring.verdicts import PortTraffic
from rental import catalogue
from rental.models import Booking, BookingStatus, Closure, ClosureKind, Line, Resource
from rental.period import Period

# What is used by these is paid for, or will be.
TAKEN = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER, BookingStatus.RETURNED)
# Whoever was away longer begins here: what lies before ends a run anyway.
LONGEST_LOOK = timedelta(days=7)
# A bucket is closed within seven minutes; a port that told nothing for this long is unknown.
FRESH = timedelta(minutes=20)
MEGABIT = 1_000_000


@dataclass(frozen=True, slots=True)
class _Claim:
    """Somebody's time on a circuit; `ports` are those switched for it, None where nobody knows."""

    during: Period
    line: Line | None
    ports: frozenset[int] | None = None

    def holds(self, port_id: int | None, span: Period) -> bool:
        """Whether it takes the port in any part of the span."""
        mine = self.ports is None or port_id is None or port_id in self.ports
        return mine and self.during.overlap(span) is not None


def due() -> list[int]:
    """The devices with ports of circuits that have buckets nobody looked at, by id."""
    until = rollups.rolled_until(RollupLevel.FIVE_MINUTES)
    if until is None:
        return []
    seen = sa.select(UnbookedWatch.port_id).where(
        UnbookedWatch.port_id == AccessPort.id, UnbookedWatch.looked_until >= until
    )
    going_on = sa.select(UnbookedRun.device_id).where(
        UnbookedRun.port_id.is_(None), UnbookedRun.end.is_(None)
    )
    query = sa.union(sa.select(AccessPort.device_id).where(~seen.exists()), going_on)
    return sorted(db.session.scalars(query))


def look(device: Device) -> None:
    """Take in what the ports of a device carried since the last look; a second call adds nothing.

    A port that is looked at for the first time begins now.
    """
    until = rollups.rolled_until(RollupLevel.FIVE_MINUTES)
    _end_removed(device)
    if until is None:
        return
    watches = _locked(device, until)
    if not watches:
        return
    since = max(min(watch.looked_until for watch in watches), until - LONGEST_LOOK)
    span = Period(since, until)
    terms = circuits.terms_on(until.date())
    claims = _claims({watch.port.resource_id for watch in watches}, span, terms)
    carried = _carried(device, [watch.port.interface for watch in watches], span)
    for watch in watches:
        port = watch.port
        _take_in(
            watch,
            [
                _heard(port, at, carried.get(port.interface, {}), claims.get(port.resource_id, []))
                for at in _slots(max(watch.looked_until, since), until)
            ],
            terms,
        )
        watch.looked_until = until
    db.session.flush()


def _end_removed(device: Device) -> None:
    db.session.execute(
        sa.update(UnbookedRun)
        .where(
            UnbookedRun.device_id == device.id,
            UnbookedRun.port_id.is_(None),
            UnbookedRun.end.is_(None),
        )
        .values(end=RunEnd.REMOVED)
    )


def _locked(device: Device, until: datetime) -> Sequence[UnbookedWatch]:
    """The watches that have something to take in; those that another holds are left to it."""
    ports = db.session.scalars(
        sa.select(AccessPort.id).where(AccessPort.device_id == device.id).order_by(AccessPort.id)
    ).all()
    for port_id in ports:
        new = insert(UnbookedWatch).values(
            port_id=port_id, looked_until=until, loud=0, is_run=False, peak_bps=0.0
        )
        db.session.execute(new.on_conflict_do_nothing())
    return db.session.scalars(
        sa.select(UnbookedWatch)
        .where(UnbookedWatch.port_id.in_(ports), UnbookedWatch.looked_until < until)
        .order_by(UnbookedWatch.port_id)
        .options(joinedload(UnbookedWatch.port))
        .with_for_update(of=UnbookedWatch, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def _slots(since: datetime, until: datetime) -> Iterable[datetime]:
    while since < until:
        yield since
        since += FIVE_MINUTES


def _heard(
    port: AccessPort, at: datetime, carried: Mapping[datetime, float], claims: Sequence[_Claim]
) -> Heard:
    span = Period(at, at + FIVE_MINUTES)
    return Heard(at, carried.get(at), any(one.holds(port.id, span) for one in claims))


def _take_in(watch: UnbookedWatch, buckets: Iterable[Heard], terms: PortTerms) -> None:
    spell = Spell(watch.since, watch.until, watch.loud, watch.is_run, watch.peak_bps)
    for heard in buckets:
        if heard.bps is not None:
            watch.measured_until = heard.ends_at
        stepped = step(spell, heard, terms.unbooked)
        if stepped.over is not None:
            _keep(watch.port, *stepped.over)
        spell = stepped.spell
    if spell.is_run:
        _keep(watch.port, spell, None)
    watch.since, watch.until, watch.loud = spell.since, spell.until, spell.loud
    watch.is_run, watch.peak_bps = spell.is_run, spell.peak_bps


def _keep(port: AccessPort, spell: Spell, end: RunEnd | None) -> None:
    grown = {"until": spell.until, "peak_bps": spell.peak_bps, "end": end}
    db.session.execute(
        insert(UnbookedRun)
        .values(
            port_id=port.id,
            device_id=port.device_id,
            interface=port.interface,
            resource_id=port.resource_id,
            starts_at=spell.since,
            **grown,
        )
        .on_conflict_do_update(index_elements=["device_id", "interface", "starts_at"], set_=grown)
    )


def _carried(
    device: Device, interfaces: Sequence[str], span: Period
) -> dict[str, dict[datetime, float]]:
    """The busier direction of each port in each bucket that was measured, bits a second."""
    within = (
        FiveMinuteRow.device_id == device.id,
        FiveMinuteRow.starts_at >= span.starts_at,
        FiveMinuteRow.starts_at < span.ends_at,
    )
    ids = db.session.scalars(sa.select(FiveMinuteRow.layout_id).where(*within).distinct())
    found: dict[str, dict[datetime, float]] = {name: {} for name in interfaces}
    for layout_id, layout in discovery.layouts(ids).items():
        at = charts.places(layout)
        places = {name: at[key] for name in interfaces if (key := f"{charts.PORT}:{name}") in at}
        # The mean of each direction; PostgreSQL counts from 1.
        means = [
            FiveMinuteRow.stats[place * STATS + 1] for both in places.values() for place in both
        ]
        query = sa.select(FiveMinuteRow.starts_at, *means).where(
            *within, FiveMinuteRow.layout_id == layout_id
        )
        for starts_at, *told in db.session.execute(query) if places else ():
            for nth, name in enumerate(places):
                both = [one for one in told[2 * nth : 2 * nth + 2] if one is not None]
                if both:
                    found[name][starts_at] = max(*both, found[name].get(starts_at, 0.0))
    return found


def _claims(resource_ids: Iterable[int], span: Period, terms: PortTerms) -> dict[int, list[_Claim]]:
    ids = set(resource_ids)
    # A kit that a circuit is a part of is booked as a whole.
    having = catalogue.parts_by_whole(ids)
    lines = db.session.scalars(
        sa.select(Line)
        .join(Line.booking)
        .where(
            Line.resource_id.in_(having),
            Booking.status.in_(TAKEN),
            Line.starts_at < span.ends_at + terms.lead,
            Line.ends_at > span.starts_at - terms.lag,
        )
        .order_by(Line.id)
        .options(joinedload(Line.booking))
    ).all()
    switched = _switched([line.id for line in lines])
    found: dict[int, list[_Claim]] = {}
    for line in lines:
        during = Period(line.starts_at - terms.lead, line.ends_at + terms.lag)
        claim = _Claim(during, line, switched.get(line.id))
        for resource_id in having[line.resource_id]:
            found.setdefault(resource_id, []).append(claim)
    for resource_id, during in _maintenance(ids, span):
        found.setdefault(resource_id, []).append(_Claim(during, None))
    return found


def _switched(line_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    query = sa.select(PortChange.line_id, PortChange.port_id).where(
        PortChange.line_id.in_(line_ids),
        PortChange.is_on,
        PortChange.outcome == SwitchOutcome.APPLIED.value,
    )
    found: dict[int, frozenset[int]] = {}
    for line_id, port_id in db.session.execute(query):
        found[line_id] = found.get(line_id, frozenset()) | {port_id}
    return found


def _maintenance(resource_ids: Iterable[int], span: Period) -> Iterable[tuple[int, Period]]:
    """Whoever looks after a circuit tries it out."""
    query = sa.select(Closure.resource_id, Closure.during).where(
        Closure.resource_id.in_(resource_ids),
        Closure.kind == ClosureKind.MAINTENANCE,
        Closure.during.overlaps(Range(span.starts_at, span.ends_at)),
    )
    for resource_id, during in db.session.execute(query):
        starts, ends = during.lower or span.starts_at, during.upper or span.ends_at
        if starts < ends:
            yield resource_id, Period(starts, ends)


def covering(run: UnbookedRun) -> list[Line]:
    """The lines that by now take every bucket of a run; none where any is still nobody's."""
    span = Period(run.starts_at, run.until)
    claims = _claims([run.resource_id], span, circuits.terms_on(run.until.date()))
    mine = claims.get(run.resource_id, [])
    slots = (Period(at, at + FIVE_MINUTES) for at in _slots(span.starts_at, span.ends_at))
    if not all(any(one.holds(run.port_id, slot) for one in mine) for slot in slots):
        return []
    return touching(run)


def touching(run: UnbookedRun) -> list[Line]:
    """The lines that by now take any part of a run."""
    span = Period(run.starts_at, run.until)
    claims = _claims([run.resource_id], span, circuits.terms_on(run.until.date()))
    return [
        one.line
        for one in claims.get(run.resource_id, [])
        if one.line is not None and one.holds(run.port_id, span)
    ]


def over(*, since: datetime) -> Sequence[UnbookedRun]:
    """The runs that ended and were heard last after `since`, oldest first."""
    query = sa.select(UnbookedRun).where(UnbookedRun.end.is_not(None), UnbookedRun.until > since)
    return db.session.scalars(query.order_by(UnbookedRun.id)).all()


def going_on() -> Sequence[UnbookedRun]:
    """The runs that go on, oldest first."""
    return db.session.scalars(
        sa.select(UnbookedRun)
        .where(UnbookedRun.end.is_(None))
        .options(joinedload(UnbookedRun.device), joinedload(UnbookedRun.resource))
        .order_by(UnbookedRun.starts_at, UnbookedRun.id)
    ).all()


def of_port(port: AccessPort) -> UnbookedRun | None:
    """The run that goes on at a port, if any."""
    query = sa.select(UnbookedRun).where(UnbookedRun.port_id == port.id, UnbookedRun.end.is_(None))
    return db.session.scalar(query)


def traffic_of(device: Device, at: datetime) -> tuple[PortTraffic, ...]:
    """What is known of each port of a circuit on a device, as rules judge it."""
    query = (
        sa.select(AccessPort, UnbookedWatch.measured_until, UnbookedRun)
        .outerjoin(UnbookedWatch, UnbookedWatch.port_id == AccessPort.id)
        .outerjoin(
            UnbookedRun, sa.and_(UnbookedRun.port_id == AccessPort.id, UnbookedRun.end.is_(None))
        )
        .join(Resource, Resource.id == AccessPort.resource_id)
        .where(AccessPort.device_id == device.id)
        .order_by(AccessPort.id)
    )
    return tuple(
        PortTraffic(
            port.interface,
            is_measured=measured is not None and measured >= at - FRESH,
            unbooked=_told(port, run) if run is not None else "",
        )
        for port, measured, run in db.session.execute(query).tuples()
    )


def _told(port: AccessPort, run: UnbookedRun) -> str:
    by = "" if port.is_managed else "; bookings do not switch it"
    return (
        f"{port.interface} ({port.resource.code}): up to {run.peak_bps / MEGABIT:.1f} Mbit/s since "
        f"{run.starts_at:%Y-%m-%d %H:%M} UTC{by}"
    )
