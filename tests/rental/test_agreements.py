"""Agreements with partners: what may be written down, when they hold, and how far they are."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from config.database import db
from rental import agreements, bookings, journal, progress
from rental.agreements import Target, Terms
from rental.asking import RequestedBooking, WantedLine
from rental.errors import AgreementsOverlap, BadAgreement, NumberTaken, UnknownAgreement
from rental.models import (
    AgreementKind,
    AgreementTarget,
    BookingStatus,
    EventKind,
    ResourceKind,
    TargetMeasure,
    UnitClass,
)
from rental.period import Period
from rental.progress import Deed
from tests import build

EVENTS, HOURS, ATTENDEES = TargetMeasure.EVENTS, TargetMeasure.HOURS, TargetMeasure.ATTENDEES
HALL, GEAR = ResourceKind.HALL, ResourceKind.EQUIPMENT
SEMINAR, FORUM = EventKind.SEMINAR, EventKind.FORUM
HCMC = ZoneInfo("Asia/Ho_Chi_Minh")


def terms(number="12/2026", first=date(2026, 1, 1), last=date(2026, 12, 31), **over):
    named = {"title": "Thỏa thuận phối hợp", "kind": AgreementKind.MEMORANDUM, **over}
    return Terms(number=number, valid_from=first, valid_to=last, **named)


def partner_rates(**over):
    return terms(rate_class=UnitClass.PARTNER, **over)


@pytest.fixture
def unit(house):
    return build.a_unit()


@pytest.fixture
def desk(house):
    return build.desk()


def test_an_agreement_is_kept_as_it_stands_on_the_paper(unit, desk):
    goals = [Target(2026, EVENTS, 10), Target(2026, HOURS, 40, SEMINAR, HALL)]
    written = terms(" 12/2026 ", discount_percent=Decimal("7.5"), note=" Theo BB ", targets=goals)
    kept = agreements.add(unit, written, by=desk)
    assert (kept.number, kept.note, kept.discount_percent) == ("12/2026", "Theo BB", Decimal("7.5"))
    assert [(t.measure, t.goal) for t in agreements.get(kept.id).targets] == [
        (EVENTS, 10),
        (HOURS, 40),
    ]
    assert [entry.verb for entry in journal.of(kept)] == ["added"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": " "},
        {"title": "\u202e"},  # nothing to read
        {"number": "1" * 61},
        {"title": "x" * 201},
        {"last": date(2025, 12, 31)},  # before the first day
        {"discount_percent": Decimal("100.01")},
        {"discount_percent": Decimal("-1")},
        {"targets": [Target(2026, EVENTS, 0)]},
        {"targets": [Target(1999, EVENTS, 1)]},
        {"targets": [Target(2026, EVENTS, 10_000_001)]},
        {"targets": [Target(2026, EVENTS, 1)] * 31},
    ],
)
def test_what_cannot_be_is_refused(unit, desk, wrong):
    with pytest.raises(BadAgreement):
        agreements.add(unit, terms(**wrong), by=desk)


def test_a_number_belongs_to_one_agreement_of_all_units(unit, desk):
    agreements.add(unit, terms(), by=desk)
    with pytest.raises(NumberTaken):
        agreements.add(build.a_unit(), terms(), by=desk)


@pytest.mark.parametrize(
    ("first", "last", "fits", "reason"),
    [
        (date(2027, 1, 1), None, True, "the day after the last"),
        (date(2026, 12, 31), None, False, "the last day is still in force"),
        (date(2025, 1, 1), date(2025, 12, 31), True, "the day before the first"),
        (date(2025, 1, 1), None, False, "until further notice covers everything after"),
    ],
)
def test_one_agreement_of_a_unit_gives_rates_on_a_day(unit, desk, first, last, fits, reason):
    agreements.add(unit, partner_rates(), by=desk)
    second = partner_rates(number="2", first=first, last=last)
    if fits:
        agreements.add(unit, second, by=desk)
    else:
        with pytest.raises(AgreementsOverlap, match="12/2026"):
            agreements.add(unit, second, by=desk)


def test_agreements_that_give_no_rates_may_overlap_and_so_may_other_units(unit, desk):
    agreements.add(unit, partner_rates(), by=desk)
    agreements.add(unit, terms(number="2"), by=desk)
    agreements.add(build.a_unit(), partner_rates(number="3"), by=desk)
    assert len(agreements.in_force(unit.id, date(2026, 6, 1))) == 2


def test_it_holds_on_its_first_and_last_day(unit, desk):
    agreements.add(unit, terms(), by=desk)
    holds = {
        day: bool(agreements.in_force(unit.id, day))
        for day in (
            date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1),
        )
    }  # fmt: skip
    assert list(holds.values()) == [False, True, True, False]


def test_a_correction_replaces_terms_and_targets_and_may_keep_its_number(unit, desk):
    kept = agreements.add(unit, partner_rates(targets=[Target(2026, EVENTS, 5)]), by=desk)
    agreements.change(kept, partner_rates(targets=[Target(2027, HOURS, 9)]), by=desk)
    db.session.expire_all()
    assert [(t.year, t.goal) for t in agreements.get(kept.id).targets] == [(2027, 9)]
    assert db.session.query(AgreementTarget).count() == 1
    assert [entry.verb for entry in journal.of(kept)] == ["added", "changed"]


def test_it_is_ended_within_its_days_and_the_next_may_begin(unit, desk):
    kept = agreements.add(unit, partner_rates(), by=desk)
    for day in (date(2025, 12, 31), date(2027, 1, 1)):
        with pytest.raises(BadAgreement):
            agreements.end(kept, day, by=desk)
    agreements.end(kept, date(2026, 6, 30), by=desk)
    agreements.add(unit, partner_rates(number="2", first=date(2026, 7, 1)), by=desk)
    assert [a.number for a in agreements.in_force(unit.id, date(2026, 7, 1))] == ["2"]


def test_an_unknown_agreement_is_not_found(house):
    with pytest.raises(UnknownAgreement):
        agreements.get(404)


def deed(booking=1, start="2026-03-02T08:00", hours=2, **over):
    begins = datetime.fromisoformat(start).replace(tzinfo=HCMC).astimezone(UTC)
    values = {
        "booking_id": booking,
        "event_kind": SEMINAR,
        "attendees": 30,
        "resource_kind": HALL,
        "quantity": 1,
        "period": Period(begins, begins + timedelta(hours=hours)),
        "zone": HCMC,
    }
    return Deed(**values | over)


def target(measure, **over):
    return AgreementTarget(**{"year": 2026, "measure": measure, "goal": 10, **over})


NEW_YEAR = "2025-12-31T22:00"


@pytest.mark.parametrize(
    ("wanted", "deeds", "done", "reason"),
    [
        (target(EVENTS), [], 0, "nothing took place"),
        (target(EVENTS), [deed(), deed(resource_kind=GEAR)], 1, "an event with two lines is one"),
        (target(EVENTS), [deed(1), deed(2)], 2, "two events"),
        (target(EVENTS, event_kind=FORUM), [deed(1), deed(2, event_kind=FORUM)], 1, "of a kind"),
        (target(EVENTS, resource_kind=GEAR), [deed(1), deed(2, resource_kind=GEAR)], 1, "with it"),
        (target(EVENTS), [deed(start=NEW_YEAR, hours=4)], 0, "it began the year before"),
        (target(EVENTS), [deed(start="2026-01-01T00:00")], 1, "midnight of the site begins it"),
        (target(EVENTS), [deed(start="2025-12-31T23:59")], 0, "a minute before"),
        (target(ATTENDEES), [deed(), deed(resource_kind=GEAR), deed(2)], 60, "people count once"),
        (target(HOURS), [deed(hours=1.25), deed(2)], Fraction(13, 4), "hours are exact"),
        (target(HOURS), [deed(resource_kind=GEAR)], 0, "hours are those of halls"),
        (target(HOURS, resource_kind=GEAR), [deed(resource_kind=GEAR, quantity=3)], 6, "each"),
        (target(HOURS), [deed(start=NEW_YEAR, hours=4)], 2, "only the part in the year"),
        (target(HOURS, year=2025), [deed(start=NEW_YEAR, hours=4)], 2, "and the other part"),
    ],
)
def test_progress_is_counted(wanted, deeds, done, reason):
    assert progress.counted(wanted, deeds) == done, reason


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        (BookingStatus.REQUESTED, False),
        (BookingStatus.CONFIRMED, True),
        (BookingStatus.HANDED_OVER, True),
        (BookingStatus.RETURNED, True),
        (BookingStatus.CANCELLED, False),
        (BookingStatus.DECLINED, False),
        (BookingStatus.EXPIRED, False),
        (BookingStatus.NO_SHOW, False),
    ],
)
def test_what_was_promised_or_took_place_counts(unit, desk, status, counts):
    hall = build.a_hall(site=build.a_site(zone="Asia/Ho_Chi_Minh"))
    member = build.a_member(unit=unit)
    at = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
    build.a_booking(hall, member=member, starts_at=at, status=status, attendees=20)
    build.a_booking(hall, starts_at=at, status=status)  # another unit's
    goals = [Target(2026, EVENTS, 4), Target(2026, HOURS, 8), Target(2026, ATTENDEES, 40)]
    kept = agreements.add(unit, terms(targets=goals), by=desk)
    assert [int(p.done) for p in progress.of(kept)] == ([1, 4, 20] if counts else [0, 0, 0])
    assert [p.percent for p in progress.of(kept)] == ([25, 50, 50] if counts else [0, 0, 0])


def test_progress_of_many_agreements_asks_the_database_once(unit, desk):
    goals = [Target(2026, EVENTS, 1), Target(2027, HOURS, 1)]
    kept = [
        agreements.add(build.a_unit(), terms(number=str(n), targets=goals), by=desk)
        for n in range(5)
    ]
    db.session.flush()
    statements = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    progress.of_all(kept)
    assert len(statements) == 1


def test_a_confirmed_booking_counts_and_a_cancelled_one_no_more(unit, desk):
    hall = build.a_hall()
    member = build.a_member(unit=unit)
    goals = [Target(2030, EVENTS, 2)]
    kept = agreements.add(unit, terms(last=None, targets=goals), by=desk)
    wanted = RequestedBooking(
        unit,
        "Tọa đàm",
        SEMINAR,
        [WantedLine(hall.code, 1, Period(build.TUESDAY, build.TUESDAY + timedelta(hours=2)))],
    )
    booking = bookings.request(wanted, by=member)
    bookings.confirm(booking, by=desk)
    assert progress.of(kept)[0].done == 1
    bookings.cancel(booking, by=desk)
    assert progress.of(kept)[0].done == 0
