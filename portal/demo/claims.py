"""Claims of the demo: two units hold one date, one waits for a hall, the director is asked."""

from datetime import datetime, time, timedelta

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import bookings, holds, units, waitlist
from rental.asking import RequestedBooking, WantedLine
from rental.holds import NewHold
from rental.models import (
    Booking,
    BookingStatus,
    EventKind,
    Line,
    Organiser,
    Resource,
    ResourceKind,
)
from rental.period import Period
from rental.waitlist import NewWait

# Beyond the events of the demo, so that nothing is in the way.
HELD_DAYS = 17
ASKED_DAYS = 9


def add(now: datetime) -> None:
    """Enter them as if they had been asked for over the last two days."""
    _hold(now - timedelta(hours=40), "member@unit-b.example", "Triển lãm ảnh Sài Gòn ven sông", now)
    _hold(now - timedelta(hours=20), "head@so-do-thi.example", "Hội thảo nhà ở thích ứng", now)
    _wait(now - timedelta(hours=5), now)
    _ask(now - timedelta(hours=3), now)


def _on(now: datetime, days: int, first: int, last: int) -> Period:
    """Hours of a day so far ahead, the day after where it is a Sunday."""
    day = now.astimezone(clock.LOCAL).date() + timedelta(days=days)
    if day.weekday() == 6:
        day += timedelta(days=1)
    return Period(*(datetime.combine(day, time(hour), clock.LOCAL) for hour in (first, last)))


def _hold(at: datetime, email: str, title: str, now: datetime) -> None:
    member = units.member_by_email(email)
    lines = [WantedLine("EXCH", 1, _on(now, HELD_DAYS, 8, 17))]
    with clock.standing_at(at):
        holds.place(NewHold(member.unit, title, EventKind.SEMINAR, lines), by=member)


def _wait(at: datetime, now: datetime) -> None:
    """Somebody would like the hall of the next confirmed event of another unit."""
    member = units.member_by_email("head@hoi-so.example")
    taken = db.session.scalars(
        sa.select(Line)
        .join(Booking, Booking.id == Line.booking_id)
        .join(Resource, Resource.id == Line.resource_id)
        .where(
            Booking.status == BookingStatus.CONFIRMED,
            Booking.unit_id != member.unit_id,
            Resource.kind == ResourceKind.HALL,
            Line.starts_at > now + timedelta(days=2),
        )
        .order_by(Line.starts_at, Line.id)
    ).first()
    if taken is None:
        return
    line = WantedLine(taken.resource.code, 1, Period(taken.starts_at, taken.ends_at))
    new = NewWait(member.unit, "Gặp mặt doanh nghiệp số cuối năm", EventKind.CONFERENCE, line)
    with clock.standing_at(at):
        waitlist.join(new, by=member)


def _ask(at: datetime, now: datetime) -> None:
    """A foreign press conference in the evening, when nothing else is planned."""
    member = units.member_by_email("head@saigon-wire.example")
    wanted = RequestedBooking(
        unit=member.unit,
        title="Saigon Wire: Evening briefing on the metro lines",
        event_kind=EventKind.PRESS_CONFERENCE,
        lines=[WantedLine("H50", 1, _on(now, ASKED_DAYS, 18, 20))],
        organiser=Organiser.FOREIGN,
        attendees=30,
    )
    with clock.standing_at(at):
        bookings.request(wanted, by=member)
