"""Quotas: rules over values, and what a request meets."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from config.database import db
from rental import bookings, journal, quota_rules, quotas
from rental.asking import Changes, RequestedBooking
from rental.errors import QuotaExceeded
from rental.models import Booking, EventKind, Resource, ResourceKind, Site, Unit, UnitClass
from rental.occupancies import Ask
from rental.period import Period
from rental.quota_rules import Counted, Quota, Span, Use
from rental.wording import Wording
from tests import build
from tests.build import TUESDAY
from tests.rental.claims import at, lines, requested

HCMC = Site(slug="x", name="x", zone="Asia/Ho_Chi_Minh")
HELSINKI = Site(slug="h", name="h", zone="Europe/Helsinki")
HALL = Resource(kind=ResourceKind.HALL, code="H1", category="big", site=HCMC)
GEAR = Resource(kind=ResourceKind.EQUIPMENT, code="E1", site=HCMC)


def quota(**over):
    values = {
        "id": "q",
        "title": Wording(vi="Hạn mức", en="Quota"),
        "measure": "hours",
        "per": "week",
        "limit": 10,
        "valid_from": date(2020, 1, 1),
        "source": "test",
    }
    return Quota(**{**values, **over})


def use(first, last, booking=1, resource=HALL, quantity=1, day=0):
    return Use(booking, Counted.of(resource), quantity, at(first, last, day))


CASES = [
    # why, the quota, what is taken, what is wanted, whether it goes beyond
    ("within", quota(), [use(0, 4)], [use(4, 10, -1)], False),
    ("exactly all of it", quota(), [use(0, 4)], [use(4, 10, -1)], False),
    ("half an hour beyond", quota(), [use(0, 4)], [use(4, 10.5, -1)], True),
    ("last week does not count", quota(), [use(0, 9, day=-7)], [use(0, 10, -1)], False),
    ("Monday is of this week", quota(), [use(0, 9, day=-1)], [use(0, 2, -1)], True),
    ("Sunday is of last week", quota(), [use(0, 9, day=-2)], [use(0, 2, -1)], False),
    ("pieces multiply", quota(), [], [use(0, 3, -1, quantity=4)], True),
    ("other kinds do not count", quota(kinds=["hall"]), [], [use(0, 20, -1, GEAR)], False),
    ("other codes do not count", quota(codes=["H2"]), [], [use(0, 20, -1)], False),
    ("its category counts", quota(categories=["big"]), [], [use(0, 11, -1)], True),
    (
        "two of two bookings a day",
        quota(measure="bookings", per="day", limit=2),
        [use(0, 1)],
        [use(1, 2, -1)],
        False,
    ),
    (
        "a third booking of the day",
        quota(measure="bookings", per="day", limit=2),
        [use(0, 1, 1), use(1, 2, 2)],
        [use(2, 3, -1)],
        True,
    ),
    (
        "two lines are one booking",
        quota(measure="bookings", per="day", limit=1),
        [],
        [use(0, 1, -1), use(0, 1, -1, GEAR)],
        False,
    ),
    (
        "only hours within the window count",
        quota(within=[{"days": ["tuesday"], "hours": "10:00-12:00"}], limit=2),
        [],
        [use(0, 8, -1)],
        False,
    ),
    (
        "overlapping windows count once",
        quota(within=[{"hours": "10:00-12:00"}, {"hours": "11:00-12:00"}], limit=2),
        [],
        [use(0, 8, -1)],
        False,
    ),
    ("no longer in force", quota(valid_to=date(2029, 1, 1)), [], [use(0, 20, -1)], False),
    ("nothing is allowed", quota(limit=0), [], [use(0, 1, -1)], True),
]


@pytest.mark.parametrize(
    ("why", "rule", "taken", "wanted", "beyond"), CASES, ids=[case[0] for case in CASES]
)
def test_what_goes_beyond_a_quota(why, rule, taken, wanted, beyond):
    assert bool(quota_rules.exceeded([rule], taken, wanted)) is beyond, why


def test_a_line_over_the_end_of_a_week_counts_in_both():
    sunday_night = Use(
        -1, Counted.of(HALL), 1, Period(at(0, 1, 5).starts_at, at(0, 1, 6).starts_at)
    )
    found = quota_rules.measured([quota(limit=100)], [], [sunday_night])
    # From Sunday 09:00 to Monday 09:00.
    assert [each.wanted for each in found] == [Decimal(15), Decimal(9)]


def test_the_day_of_a_clock_change_has_the_hours_it_has():
    hall = Resource(kind=ResourceKind.HALL, code="H9", site=HELSINKI)
    spring = quota_rules.span_of(
        Span.DAY, TUESDAY.replace(year=2030, month=3, day=31), hall.site.tzinfo
    )
    found = quota_rules.measured([quota(per="day")], [], [Use(-1, Counted.of(hall), 1, spring)])
    assert [each.wanted for each in found] == [Decimal(23)]


def test_a_month_ends_where_the_next_begins():
    span = quota_rules.span_of(Span.MONTH, TUESDAY.replace(month=12, day=20), HCMC.tzinfo)
    assert span.ends_at - span.starts_at == timedelta(days=31)


def a_unit(**over):
    return Unit(**{"slug": "a", "unit_class": UnitClass.OTHER, "is_centre": False, **over})


SPEAKS = [
    ("everybody", quota(), a_unit(), True),
    ("another class", quota(classes=["partner"]), a_unit(), False),
    ("another unit", quota(units=["b"]), a_unit(), False),
    ("the Centre itself", quota(), a_unit(is_centre=True), False),
]


@pytest.mark.parametrize(("why", "rule", "unit", "speaks"), SPEAKS, ids=[c[0] for c in SPEAKS])
def test_whom_a_quota_limits(why, rule, unit, speaks):
    assert rule.speaks_of(unit) is speaks, why


BAD = [
    ("hours need a span", {"per": None}),
    ("holds have none", {"measure": "holds"}),
    ("no weekday", {"within": [{"days": ["someday"]}]}),
    ("backwards", {"within": [{"hours": "12:00-10:00"}]}),
    ("no time", {"within": [{"hours": "late"}]}),
    ("an unknown key", {"limits": 3}),
]


@pytest.mark.parametrize(("why", "over"), BAD, ids=[case[0] for case in BAD])
def test_a_quota_that_says_nonsense_is_refused(why, over):
    with pytest.raises(ValidationError):
        quota(**over)


def test_the_shipped_quotas_are_readable():
    assert {each.id for each in quota_rules.load()} == {"other-hall-week", "holds-at-once"}


@pytest.fixture
def sixty(house, monkeypatch):
    """The shipped quota with half its hours, so that few bookings reach it."""
    shipped = {each.id: each for each in quota_rules.load()}
    half = shipped["other-hall-week"].model_copy(update={"limit": 60})
    monkeypatch.setattr(quota_rules, "load", lambda: (half, shipped["holds-at-once"]))


@pytest.fixture
def week_of_sixty(sixty):
    """A unit that has booked 56 of its 60 hall hours."""
    hall, member = build.a_hall(), build.a_member()
    for day in range(4):
        requested(member, hall, period=at(-1, 13, day))
    return hall, member


def test_a_unit_that_goes_beyond_is_told_how_much_is_left(week_of_sixty):
    hall, member = week_of_sixty
    requested(member, hall, period=at(0, 2, 4))
    with pytest.raises(QuotaExceeded) as refused:
        requested(member, hall, period=at(3, 6, 4))
    told = refused.value.details
    assert (told["left"], told["limit"], told["wanted"]) == ("2", "60", "3")
    assert "2 of 60 until 00:00 11/03/2030" in refused.value.message
    requested(member, hall, period=at(3, 5, 4))


def test_what_was_given_back_counts_no_longer(week_of_sixty):
    hall, member = week_of_sixty
    bookings.cancel(_first(member), by=member)
    requested(member, hall, period=at(0, 10, 4))


def _first(member):
    mine = sa.select(Booking).where(Booking.unit_id == member.unit_id).order_by(Booking.id)
    return db.session.scalars(mine).first()


def test_another_units_hours_and_classes_without_a_quota_do_not_count(week_of_sixty):
    hall, _member = week_of_sixty
    requested(build.a_member(), hall, period=at(0, 10, 4))
    partner = build.a_member(unit=build.a_unit(unit_class=UnitClass.PARTNER))
    other = build.a_hall()
    for day in range(7):
        requested(partner, other, period=at(-1, 13, day))


def test_the_desk_goes_beyond_for_a_unit_and_the_journal_says_so(week_of_sixty):
    hall, member = week_of_sixty
    booking = requested(member, hall, by=build.desk(), period=at(0, 10, 4))
    noted = [entry for entry in journal.of(booking) if entry.verb == "exceeded_quota"]
    assert [entry.details["rule"] for entry in noted] == ["other-hall-week"]


def test_a_change_is_counted_without_what_it_replaces(week_of_sixty):
    hall, member = week_of_sixty
    booking = _first(member)
    longer = Changes(lines=lines(hall, period=at(-1, 15)))
    bookings.change(booking, longer, by=member)
    with pytest.raises(QuotaExceeded):
        bookings.change(booking, Changes(lines=lines(hall, period=at(-2, 18))), by=member)


def test_several_bookings_asked_for_at_once_count_together(sixty):
    hall, member = build.a_hall(), build.a_member()
    wanted = [
        RequestedBooking(member.unit, "Họp", EventKind.SEMINAR, lines(hall, period=at(-1, 12, day)))
        for day in range(5)
    ]
    with pytest.raises(QuotaExceeded):
        bookings.request_all(wanted, by=member)


def test_where_no_quota_could_match_nothing_is_asked(house):
    partner = build.a_unit(unit_class=UnitClass.PARTNER)
    gear, hall = build.equipment(), build.a_hall()
    asks = [Ask(gear, 1, at(0, 1)), Ask(hall, 1, at(0, 1))]
    assert quotas.touching(partner, asks) == []
    assert quotas.touching(build.a_unit(), asks[:1]) == []
    assert len(quotas.touching(build.a_unit(), asks)) == 1
