"""Changing a series: this date, this and the following, or all; and what its rule gives anew.

Only dates that have not begun are touched, and all of a change or nothing of it. A change of the
start splits the series: what lies before keeps the old row, what follows moves to a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from config import clock, references
from config.database import db
from rental import bookings, journal, moves, repetition, series
from rental.admission import CHALLENGE_HOURS
from rental.asking import Changes, WantedLine
from rental.errors import BadBooking, MovedOn, SeriesGoesOn
from rental.models import Booking, BookingStatus, Member, Series
from rental.period import Period
from rental.recurrence import BadRecurrence
from rental.repetition import Template, TemplateLine
from rental.series import GONE, Made, Terms
from rental.signals import series_changed, series_extended, together

CHANGEABLE = frozenset({BookingStatus.REQUESTED, BookingStatus.CONFIRMED})


class Scope(StrEnum):
    """How much of a series a deed is meant for; a booking of no series is all there is."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


def change(
    booking: Booking,
    changes: Changes,
    *,
    scope: Scope,
    by: Member,
    challenge_hours: int = CHALLENGE_HOURS,
) -> list[Booking]:
    """Change one date, it and the following, or all that have not begun; gives back the changed.

    New lines are those of `booking`; the other dates get them at the same distance on the wall
    clock, but for dates that were moved or changed by themselves before: those keep their lines.
    Raises as `bookings.change` does, ResourceUnavailable with every conflict of every date.
    """
    if scope is Scope.THIS or booking.series is None:
        bookings.change(booking, changes, by=by, challenge_hours=challenge_hours)
        return [booking]
    held = series.lock_of(booking)
    affected = ahead(held, booking, scope)
    cut = _cut(held, booking, scope)
    edit = _edit_of(held, booking, changes, cut)
    with together():
        edits = [(one, edit.of(one)) for one in affected]
        bookings.change_all(edits, by=by, challenge_hours=challenge_hours)
    followed = _keep(held, edit)
    journal.record(followed, "changed", by=by, dates=len(affected))
    series_changed.send(followed, bookings=affected)
    return affected


def ahead(held: Series, booking: Booking, scope: Scope) -> list[Booking]:
    """The dates in scope that have not begun and still stand, locked, by date."""
    affected = _in_scope(moves.lock_all(series.bookings_of(held)), booking, scope)
    if not affected:
        raise MovedOn("No date of the series lies ahead; look again before you decide.")
    return affected


def _in_scope(found: Sequence[Booking], booking: Booking, scope: Scope) -> list[Booking]:
    now = clock.now()
    affected = [
        one
        for one in found
        if one.status in CHANGEABLE
        and one.starts_at > now
        and (scope is Scope.ALL or _date(one) >= _date(booking))
    ]
    return sorted(affected, key=_date)


def outcome(
    booking: Booking, changes: Changes, *, scope: Scope
) -> list[tuple[Booking, Sequence[WantedLine] | None]]:
    """The lines that a change would give every date in scope, None where they stay; locks nothing.

    Raises BadBooking where the change has no line.
    """
    held = booking.series
    if held is None or scope is Scope.THIS:
        return []
    affected = _in_scope(series.bookings_of(held, with_lines=True), booking, scope)
    edit = _edit_of(held, booking, changes, _cut(held, booking, scope))
    return [(one, edit.of(one).lines) for one in affected]


def _date(booking: Booking) -> datetime:
    return booking.series_at or booking.starts_at


def _cut(held: Series, booking: Booking, scope: Scope) -> datetime:
    """The date from which on the series is another: the first in scope that has not begun."""
    now = clock.now()
    known = {*series.dates_by_rule(held), *map(_date, series.bookings_of(held))}
    coming = [at for at in known if at > now and (scope is Scope.ALL or at >= _date(booking))]
    return min(coming, default=_date(booking))


@dataclass(frozen=True, slots=True)
class _Edit:
    """One change of a series from the date `cut` on; `by` is how far the start moves."""

    held: Series
    chosen: Booking
    changes: Changes
    cut: datetime
    by: timedelta
    lines: tuple[TemplateLine, ...] | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.held.zone)

    def of(self, booking: Booking) -> Changes:
        """What changes of one booking; the revision that was looked at is the chosen one's."""
        if booking.id == self.chosen.id:
            return self.changes
        changes = replace(self.changes, seen=None)
        if self.lines is None:
            return changes
        at = _date(booking)
        usual = repetition.in_force(series.templates_of(self.held), at)
        if not repetition.is_as(usual, booking, at, self.zone):
            return replace(changes, lines=None)
        new = replace(usual, lines=self.lines)
        return replace(
            changes, lines=new.lines_on(repetition.moved(at, self.by, self.zone), self.zone)
        )

    def templates(self) -> list[Template]:
        """What the dates consist of, once this is done."""
        old = series.templates_of(self.held)
        before = [template for template in old if template.since < self.cut]
        here = replace(repetition.in_force(old, self.cut), since=self.cut)
        later = [t for t in old if t.since > self.cut and self.lines is None]
        return [*before, *(t.changed(self.changes, self.lines) for t in (here, *later))]


def _edit_of(held: Series, booking: Booking, changes: Changes, cut: datetime) -> _Edit:
    if changes.lines is None:
        return _Edit(held, booking, changes, cut, timedelta(), None)
    if not changes.lines:
        raise BadBooking("A booking needs at least one line: what, how many, from when until when.")
    zone, first = ZoneInfo(held.zone), repetition.first_start(changes.lines)
    by = timedelta(seconds=repetition.wall_seconds(booking.starts_at, first, zone))
    lines = repetition.lines_from(changes.lines, first, zone)
    return _Edit(held, booking, changes, cut, by, lines)


def _keep(held: Series, edit: _Edit) -> Series:
    """Write the series as it is after the change; gives back the one that goes on."""
    if not edit.by:
        held.templates = [template.as_json() for template in edit.templates()]
        db.session.flush()
        return held
    return _split(held, edit)


def _split(held: Series, edit: _Edit) -> Series:
    found, zone = series.dates_by_rule(held), edit.zone
    kept, gone = [at for at in found if at < edit.cut], [at for at in found if at >= edit.cut]
    if not gone:
        raise BadRecurrence("No date of the series lies ahead; request a new one.")
    rrule = repetition.moved_rule(held.rrule, gone, edit.by, zone)
    first = repetition.moved(gone[0], edit.by, zone)
    template = replace(edit.templates()[-1], since=first)
    bookings_kept = [b for b in series.bookings_of(held) if _date(b) < edit.cut]
    target = _successor(held) if kept and bookings_kept else held
    _rekey(held, target, edit)
    for name in ("removed", "skipped"):
        dates = series.read(getattr(held, name))
        later = [repetition.moved(at, edit.by, zone) for at in dates if at >= edit.cut]
        if target is not held:
            setattr(held, name, series.written(sorted(at for at in dates if at < edit.cut)))
        setattr(target, name, series.written(sorted(later)))
    if target is not held:
        held.rrule = repetition.ended(held.rrule, kept[-1])
        held.templates = [
            t for t in held.templates if datetime.fromisoformat(t["since"]) < edit.cut
        ]
    target.rrule, target.first_at = rrule, first
    target.templates = [template.as_json()]
    db.session.flush()
    return target


def _successor(held: Series) -> Series:
    new = Series(
        reference=references.new("SR"),
        unit=held.unit,
        member_id=held.member_id,
        rrule=held.rrule,
        first_at=held.first_at,
        zone=held.zone,
        on_conflict=held.on_conflict,
        removed=[],
        skipped=[],
        templates=[],
        follows_id=held.id,
        reconfirm_weeks=held.reconfirm_weeks,
        reconfirmed_until=held.reconfirmed_until,
        asked_at=held.asked_at,
    )
    db.session.add(new)
    db.session.flush()
    return new


def _rekey(held: Series, target: Series, edit: _Edit) -> None:
    """Bring the bookings from the cut on to their new dates by the rule."""
    rows = [booking for booking in series.bookings_of(held) if _date(booking) >= edit.cut]
    moving = {row.id: repetition.moved(_date(row), edit.by, edit.zone) for row in rows}
    # First out of the way: a date that moves on by a day would meet its neighbour.
    db.session.execute(
        sa.update(Booking)
        .where(Booking.id.in_(moving))
        .values(series_at=None, series_id=target.id)
        .execution_options(synchronize_session=False)
    )
    for row in rows:
        db.session.refresh(row, ["series_id", "series_at"])
        row.series_at = moving[row.id]
    db.session.flush()


def change_rule(held: Series, rrule: str, *, by: Member, terms: Terms) -> Made:
    """Give the series another rule: what it gives beyond the old one is requested.

    Dates that were removed or skipped stay out. A rule that would leave out a date that stands
    ahead is refused: cancel it first. Raises as `series.request` does.
    """
    held = series.lock(held)
    if goes_on := series.following(held):
        raise SeriesGoesOn(
            "The series was split and goes on as {series}; change that one.",
            series=goes_on[-1].reference,
        )
    zone, now = ZoneInfo(held.zone), clock.now()
    new_rule = repetition.normal(rrule, zone)
    found = repetition.dates(new_rule, held.first_at, zone)
    rows = series.bookings_of(held)
    lost = [
        b for b in rows if b.status not in GONE and b.starts_at > now and _date(b) not in set(found)
    ]
    if lost:
        raise BadRecurrence(
            "The new rule leaves out {dates}, which stand; cancel them first.",
            words={"dates": [f"{_date(b).astimezone(zone):%d/%m/%Y}" for b in lost[:10]]},
            dates=[_date(b).isoformat() for b in lost],
        )
    known = {*map(_date, rows), *series.read(held.removed), *series.read(held.skipped)}
    added = [at for at in found if at > now and at not in known]
    held.rrule = new_rule
    made = series.book(held, added, by=by, terms=terms) if added else Made(held, [], [])
    journal.record(held, "extended", by=by, dates=len(made.bookings))
    if added:
        series_extended.send(held, bookings=made.bookings, skipped=made.skipped)
    return made


def add_date(held: Series, at: datetime, *, by: Member, terms: Terms) -> Booking:
    """Request a date again that was removed or skipped; raises ResourceUnavailable and others."""
    held = series.lock(held)
    rows = series.bookings_of(held)
    known = {*series.dates_by_rule(held), *map(_date, rows)}
    known |= series.read(held.removed) | series.read(held.skipped)
    if at not in known:
        raise BadBooking("This is no date of the series; choose one that was removed or skipped.")
    if any(_date(booking) == at and booking.status not in GONE for booking in rows):
        raise MovedOn("This date of the series is booked already; look again before you decide.")
    zone = ZoneInfo(held.zone)
    template = repetition.in_force(series.templates_of(held), at)
    wanted = template.asked_on(at, zone, held.unit, held.id)
    booking = bookings.request(
        wanted, by=by, keep_days=terms.keep_days, challenge_hours=terms.challenge_hours
    )
    for name in ("removed", "skipped"):
        dates = series.read(getattr(held, name)) - {at}
        setattr(held, name, series.written(sorted(dates)))
    db.session.flush()
    return booking


def lines_moved(booking: Booking, starts_at: datetime, ends_at: datetime) -> Sequence[WantedLine]:
    """The lines of a booking when the whole of it runs from and until other times.

    What began and ended with the event does so still; what lies within keeps its distance from
    the start and ends with the event at the latest.
    """
    shift = starts_at - booking.starts_at
    lines: list[WantedLine] = []
    for line in booking.lines:
        first = line.starts_at + shift
        last = ends_at if line.ends_at == booking.ends_at else min(line.ends_at + shift, ends_at)
        period, add_ons = Period(first, last), tuple(line.add_ons)
        lines.append(WantedLine(line.resource.code, line.quantity, period, add_ons))
    return lines
