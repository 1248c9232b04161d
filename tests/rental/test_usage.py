"""A report of a week against figures reckoned by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from config import clock
from config.database import db
from rental import bookings, closures, usage
from rental.asking import RequestedBooking, WantedLine
from rental.closures import NewClosure
from rental.models import BookingStatus, ClosureKind, EventKind, Part
from rental.period import Period
from tests.build import a_booking, a_hall, a_member, a_site, a_unit, desk, equipment

# Monday 4 to Sunday 10 March 2030; open Monday to Saturday, 08:00 to 18:00.
MONDAY, SUNDAY = date(2030, 3, 4), date(2030, 3, 10)


def at(day: int, hour: float) -> datetime:
    """An hour of that March in Ho Chi Minh City."""
    return datetime(2030, 3, day, tzinfo=clock.LOCAL).astimezone(UTC) + timedelta(hours=hour)


class Week:
    """A hall of two rooms, a pool, two units."""

    def __init__(self) -> None:
        site = a_site(slug="centre")
        self.one, self.two = a_hall(site=site, code="H1"), a_hall(site=site, code="H2")
        self.both = a_hall(site=site, code="H12")
        db.session.add_all([Part(whole=self.both, part=part) for part in (self.one, self.two)])
        self.gear = equipment(site=site, code="CAM", stock=4)
        self.members = [a_member(unit=a_unit(name=name)) for name in ("An", "Bình")]
        self.desk = desk()
        db.session.flush()

    def confirmed(self, code: str, day: int, first: float, last: float, **more):
        member = self.members[more.get("unit", 0)]
        line = WantedLine(code, more.get("pieces", 1), Period(at(day, first), at(day, last)))
        kind = more.get("kind", EventKind.CONFERENCE)
        wanted = RequestedBooking(member.unit, "Họp", kind, [line])
        booking = bookings.request(wanted, by=member)
        bookings.confirm(booking, by=self.desk)
        return booking


@pytest.fixture
def week(house) -> Week:
    return Week()


def hours(amount) -> float:
    return float(amount) / 3600


def figures(rows) -> dict[str, tuple[float, float, float]]:
    return {
        row.code or row.name: (
            hours(row.now.capacity),
            hours(row.now.inside),
            hours(row.now.outside),
        )
        for row in rows
    }


def test_a_week_by_hand(week):
    week.confirmed("H1", 5, 8, 12)
    week.confirmed("H1", 6, 16, 22, unit=1, kind=EventKind.SEMINAR)  # two hours in, four after
    week.confirmed("H12", 7, 8, 10)  # both rooms
    week.confirmed("CAM", 5, 8, 12, pieces=3)
    week.confirmed("CAM", 10, 8, 10, pieces=1)  # a Sunday
    closures.close(week.two, NewClosure(ClosureKind.MAINTENANCE, Period(at(8, 0), at(9, 0)), "Sơn"))
    found = usage.report(MONDAY, SUNDAY)
    assert figures(found.halls) == {"H1": (60, 8, 4), "H2": (50, 2, 0)}
    assert figures(found.pools) == {"CAM": (240, 12, 2)}
    assert figures([found.total]) == {"": (110, 10, 4)}
    # Units and kinds share what the halls had: parts add up to the whole.
    assert figures(found.units) == {"An": (0, 8, 0), "Bình": (0, 2, 4)}
    assert figures(found.kinds) == {"conference": (0, 8, 0), "seminar": (0, 2, 4)}
    tuesday_nine, saturday_noon, sunday = found.hours[24 + 9], found.hours[5 * 24 + 12], 6 * 24
    assert (hours(tuesday_nine.inside), hours(tuesday_nine.capacity)) == (1, 2)
    assert (hours(saturday_noon.inside), hours(saturday_noon.capacity)) == (0, 2)
    assert all(hour.share is None for hour in found.hours[sunday:])
    assert sum(hour.inside for hour in found.hours) == found.total.now.inside
    assert sum(hour.capacity for hour in found.hours) == found.total.now.capacity


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        (BookingStatus.REQUESTED, False),  # nobody has promised it
        (BookingStatus.CONFIRMED, True),
        (BookingStatus.HANDED_OVER, True),
        (BookingStatus.RETURNED, True),
        (BookingStatus.NO_SHOW, True),  # until it was noted: the rest was given back
        (BookingStatus.CANCELLED, False),
        (BookingStatus.DECLINED, False),
        (BookingStatus.EXPIRED, False),
    ],
)
def test_what_counts_as_used(week, status, counted):
    booking = week.confirmed("H1", 5, 8, 12)
    db.session.execute(sa.text("UPDATE booking SET status = :status"), {"status": status.value})
    db.session.expire(booking)
    assert (usage.report(MONDAY, SUNDAY).total.now.inside > 0) == counted


def test_what_came_back_early_counts_until_then(week):
    booking = week.confirmed("H1", 5, 8, 12)
    bookings.hand_over(booking, by=week.desk)
    with clock.standing_at(at(5, 10)):
        bookings.return_(booking, by=week.desk)
    assert hours(usage.report(MONDAY, SUNDAY).total.now.inside) == 2


def test_the_period_before_stands_beside(week):
    week.confirmed("H1", 5, 8, 12)
    week.confirmed("H2", 1, 8, 18)  # the Friday of the week before
    found = usage.report(MONDAY, SUNDAY)
    assert (hours(found.total.now.inside), hours(found.total.before.inside)) == (4, 10)
    assert found.last_before == date(2030, 3, 3)


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2030-03-04", "2030-03-10", ("2030-02-25", "2030-03-03")),  # a week
        ("2030-03-01", "2030-03-31", ("2030-02-01", "2030-02-28")),  # a month: the month before
        ("2030-01-01", "2030-03-31", ("2029-10-01", "2029-12-31")),  # a quarter
        ("2030-01-01", "2030-12-31", ("2029-01-01", "2029-12-31")),
        ("2030-03-05", "2030-03-05", ("2030-03-04", "2030-03-04")),
    ],
)
def test_what_is_before(first, last, before):
    found = usage.period_before(date.fromisoformat(first), date.fromisoformat(last))
    assert tuple(day.isoformat() for day in found) == before


def test_a_reserved_closure_takes_no_capacity(week):
    during = Period(at(4, 0), at(11, 0))
    closures.close(week.one, NewClosure(ClosureKind.RESERVED, during, "Giữ cho đối tác"))
    assert hours(usage.report(MONDAY, SUNDAY).total.now.capacity) == 120


def test_outcomes_and_how_early_they_were_asked_for(week):
    for days, status in (
        (0.5, BookingStatus.CONFIRMED),
        (2, BookingStatus.CANCELLED),
        (2.5, BookingStatus.REQUESTED),
        (40, BookingStatus.RETURNED),
    ):
        start = at(5, 9)
        a_booking(
            week.one, starts_at=start, status=status, member=week.members[0],
            requested_at=start - timedelta(days=days),
        )  # fmt: skip
    a_booking(week.one, starts_at=at(12, 9), member=week.members[0])  # the week after
    found = usage.report(MONDAY, SUNDAY).outcomes
    assert found.total == 4
    assert found.by_status[BookingStatus.CANCELLED] == 1
    assert found.lead_counts() == [1, 2, 0, 0, 0, 1]
    assert found.median_lead == timedelta(days=2)


def test_an_empty_house_has_an_empty_report(house):
    found = usage.report(MONDAY, SUNDAY)
    assert (found.halls, found.units, found.total.now.share) == ([], [], None)
    assert (found.outcomes.total, found.outcomes.median_lead) == (0, None)
