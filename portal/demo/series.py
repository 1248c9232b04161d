"""A series of the demo: a briefing on three weekdays, one date of it taken out, one skipped."""

from datetime import datetime, timedelta

from config import clock
from rental import bookings, repetition, series, series_moves, units
from rental.asking import RequestedBooking, WantedLine
from rental.models import EventKind, OnConflict
from rental.period import Period
from rental.series import RequestedSeries
from rental.series_changes import Scope

HALL = "VIP"


def tell(now: datetime) -> None:
    """Ask for it two days ago, and let the desk answer yesterday."""
    member = units.member_by_email("member@unit-b.example")
    desk = units.member_by_email("desk@centre.example")
    first = (now + timedelta(days=2)).astimezone(clock.LOCAL)
    first = first.replace(hour=17, minute=30, second=0, microsecond=0)
    # The last weekday is that of the day on which the room is painted; all within two weeks.
    days = (first, first + timedelta(days=3), first + timedelta(days=5))
    by_day = ",".join(repetition.WEEKDAYS[day.weekday()] for day in days)
    wanted = RequestedBooking(
        unit=member.unit,
        title="Giao ban cộng tác viên",
        event_kind=EventKind.OTHER,
        lines=[WantedLine(HALL, 1, Period(first, first + timedelta(hours=1)))],
        attendees=12,
    )
    rule = f"FREQ=WEEKLY;BYDAY={by_day};COUNT=6"
    with clock.standing_at(now - timedelta(days=2)):
        asked = RequestedSeries(wanted, rule, on_conflict=OnConflict.SKIP)
        made = series.request(asked, by=member)
    with clock.standing_at(now - timedelta(days=1)):
        series_moves.confirm(made.bookings[0], scope=Scope.ALL, by=desk)
        third = bookings.get(made.bookings[2].reference)
        series_moves.cancel(third, scope=Scope.THIS, by=member, reason="Nghỉ lễ nội bộ.")
