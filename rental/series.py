"""Series: many dates asked for by one rule, each of them a booking of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from config import clock, references
from config.database import db
from rental import bookings, catalogue, journal, repetition
from rental.admission import CHALLENGE_HOURS
from rental.asking import RequestedBooking, WantedLine
from rental.errors import MovedOn, UnknownSeries
from rental.models import Booking, BookingStatus, Line, Member, OnConflict, Series
from rental.repetition import Template
from rental.signals import series_requested, together

# A booking in one of these states leaves its date free for another.
GONE = frozenset({BookingStatus.CANCELLED, BookingStatus.DECLINED, BookingStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class RequestedSeries:
    """Many dates as a unit asks for them: `booking` is one of them, its start anchors the rule.

    `exdates` are days of the site's calendar, or instants.
    """

    booking: RequestedBooking
    rrule: str
    exdates: Sequence[date | datetime] = ()
    on_conflict: OnConflict = OnConflict.REFUSE


@dataclass(frozen=True, slots=True)
class Terms:
    """What an installation grants: days a request is kept, weeks until a series is asked again."""

    keep_days: int = 7
    # 0: never.
    reconfirm_weeks: int = 12
    # Hours that the holder of a date has to decide.
    challenge_hours: int = CHALLENGE_HOURS


@dataclass(frozen=True, slots=True)
class Skipped:
    """A date that was taken: when, and what was short."""

    starts_at: datetime
    ends_at: datetime
    conflicts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of asking: the series, the bookings made now, the dates that were taken."""

    series: Series
    bookings: list[Booking]
    skipped: list[Skipped]


@dataclass(frozen=True, slots=True)
class Plan:
    """A series before anything is written: its rule as kept, its dates, what happens on each."""

    rrule: str
    zone: ZoneInfo
    dates: list[datetime]
    removed: list[datetime]
    template: Template


class DateState(StrEnum):
    """What became of a date of a series."""

    BOOKED = "booked"
    REMOVED = "removed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class SeriesDate:
    """One date by the rule: when, and its booking where it has one."""

    starts_at: datetime
    ends_at: datetime
    state: DateState
    booking: Booking | None = None


def plan(wanted: RequestedSeries) -> Plan:
    """The dates and what happens on each; raises BadRecurrence or UnknownResource."""
    lines = wanted.booking.lines
    zone = zone_of(lines)
    first = repetition.first_start(lines)
    rrule = repetition.normal(wanted.rrule, zone)
    found = repetition.dates(rrule, first, zone)
    left, removed = repetition.without(found, wanted.exdates, zone)
    return Plan(rrule, zone, left, removed, Template.of(wanted.booking, found[0], zone))


def zone_of(lines: Sequence[WantedLine]) -> ZoneInfo:
    """The zone on whose wall clock the rule runs: that of the first line's site."""
    return catalogue.by_codes([lines[0].resource])[lines[0].resource].site.tzinfo


def request(wanted: RequestedSeries, *, by: Member, terms: Terms = Terms()) -> Made:
    """Ask for every date at once; with `skip` those that are taken are left out and remembered.

    Raises BadRecurrence, BadBooking, UnknownResource, or ResourceUnavailable with the conflicts of
    every date (with `skip` only where all are taken).
    """
    planned = plan(wanted)
    series = Series(
        reference=references.new("SR"),
        unit=wanted.booking.unit,
        member_id=by.id,
        rrule=planned.rrule,
        first_at=planned.template.since,
        zone=planned.zone.key,
        on_conflict=wanted.on_conflict,
        removed=written(planned.removed),
        skipped=[],
        templates=[planned.template.as_json()],
    )
    db.session.add(series)
    db.session.flush()
    made = book(series, planned.dates, by=by, terms=terms)
    journal.record(series, "requested", by=by, dates=len(made.bookings))
    series_requested.send(series, bookings=made.bookings, skipped=made.skipped)
    return made


def book(series: Series, dates: Sequence[datetime], *, by: Member, terms: Terms) -> Made:
    """Request these dates of a locked series by its templates, under one lock of the resources."""
    zone, templates = ZoneInfo(series.zone), templates_of(series)
    wanted = [
        repetition.in_force(templates, at).asked_on(at, zone, series.unit, series.id)
        for at in dates
    ]
    taken: dict[int, list[dict[str, Any]]] = {}
    kept = {"keep_days": terms.keep_days, "challenge_hours": terms.challenge_hours}
    with together():
        if series.on_conflict is OnConflict.SKIP:
            booked, taken = bookings.request_free(wanted, by=by, **kept)
        else:
            booked = bookings.request_all(wanted, by=by, **kept)
    skipped = [
        Skipped(dates[place], _end(wanted[place].lines), short) for place, short in taken.items()
    ]
    if skipped:
        series.skipped = series.skipped + written([one.starts_at for one in skipped])
    _mind_length(series, dates[-1], terms)
    db.session.flush()
    return Made(series, booked, skipped)


def _mind_length(series: Series, last: datetime, terms: Terms) -> None:
    """A long series is confirmed again every so many weeks."""
    if not terms.reconfirm_weeks or series.reconfirm_weeks:
        return
    until = max(series.first_at, clock.now()) + timedelta(weeks=terms.reconfirm_weeks)
    if last > until:
        series.reconfirm_weeks = terms.reconfirm_weeks
        series.reconfirmed_until = until


def _end(lines: Sequence[WantedLine]) -> datetime:
    return max(line.period.ends_at for line in lines)


def written(dates: Sequence[datetime]) -> list[str]:
    """Dates as the row keeps them: ISO 8601 in UTC."""
    return [at.astimezone(UTC).isoformat() for at in dates]


def read(dates: Sequence[str]) -> set[datetime]:
    """Dates that the row kept."""
    return {datetime.fromisoformat(at) for at in dates}


def templates_of(series: Series) -> list[Template]:
    """What its dates consist of, oldest first."""
    return [Template.of_json(told) for told in series.templates]


def dates_by_rule(series: Series) -> list[datetime]:
    """All that the rule gives."""
    return repetition.dates(series.rrule, series.first_at, ZoneInfo(series.zone))


def get(reference: str) -> Series:
    """The series of this reference; raises UnknownSeries."""
    found = db.session.scalar(
        sa.select(Series).where(Series.reference == references.canonical(reference))
    )
    if found is None:
        raise UnknownSeries
    return found


def lock(series: Series) -> Series:
    """The same row as it is now and stays until this transaction ends; before its bookings."""
    db.session.flush()
    return db.session.execute(
        sa.select(Series)
        .where(Series.id == series.id)
        .with_for_update(of=Series, key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()


def lock_of(booking: Booking) -> Series:
    """The series of a booking, locked; raises MovedOn where a split has taken the booking along."""
    if booking.series is None:
        raise UnknownSeries
    held = lock(booking.series)
    db.session.refresh(booking, ["series_id"])
    if booking.series_id != held.id:
        raise MovedOn("The series has changed since you looked; look again before you decide.")
    return held


def bookings_of(series: Series, *, with_lines: bool = False) -> list[Booking]:
    """All bookings it ever had, by date; a date that was let go and taken again has two."""
    query = sa.select(Booking).where(Booking.series_id == series.id)
    if with_lines:
        query = query.options(selectinload(Booking.lines).joinedload(Line.resource))
    return list(db.session.scalars(query.order_by(Booking.series_at, Booking.id)))


def live(series: Series, *, with_lines: bool = False) -> list[Booking]:
    """Its bookings that stand, by date."""
    found = bookings_of(series, with_lines=with_lines)
    return [booking for booking in found if booking.status not in GONE]


def calendar(series: Series) -> list[SeriesDate]:
    """Every date of the series in its time: booked, removed, or skipped because it was taken."""
    zone, templates = ZoneInfo(series.zone), templates_of(series)
    found_bookings = bookings_of(series)
    standing = {b.series_at: b for b in found_bookings if b.status not in GONE}
    gone = {b.series_at: b for b in found_bookings if b.status in GONE}
    skipped = read(series.skipped)
    known = {*dates_by_rule(series), *standing, *gone, *skipped, *read(series.removed)}
    found: list[SeriesDate] = []
    for at in sorted(at for at in known if at is not None):
        if booking := standing.get(at):
            found.append(SeriesDate(booking.starts_at, booking.ends_at, DateState.BOOKED, booking))
            continue
        ends_at = _end(repetition.in_force(templates, at).lines_on(at, zone))
        is_skipped = at in skipped and at not in gone
        state = DateState.SKIPPED if is_skipped else DateState.REMOVED
        found.append(SeriesDate(at, ends_at, state, gone.get(at)))
    return found


def following(series: Series) -> list[Series]:
    """The series that were split from this one, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Series).where(Series.follows_id == series.id).order_by(Series.id)
        )
    )


def preceding(series: Series) -> Series | None:
    """The series that this one was split from."""
    return db.session.get(Series, series.follows_id) if series.follows_id else None
