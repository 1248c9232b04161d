"""What cancelling costs: by notice, class of unit and the clocks of the site; how it adds up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing import cancellation, cancellation_charges, charges, invoices
from billing.cancellation import GivenUp, Step, Terms
from billing.models import Charge, ChargeKind
from billing.money import Money
from config import clock
from config.database import db
from config.documents import BadDocument
from rental import bookings
from rental.models import ResourceKind, UnitClass
from tests import build
from tests.billing.steps import STARTS, asked

HCMC, BERLIN = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("Europe/Berlin")
HALL = Terms(
    kind=ResourceKind.HALL,
    valid_from=date(2024, 1, 1),
    source="thử",
    steps=(
        Step(days=7, percent=0),
        Step(days=3, percent=30),
        Step(hours=12, percent=50),
        Step(hours=0, percent=100),
    ),
)
START = datetime(2030, 3, 5, 2, 0, tzinfo=UTC)
LINE = GivenUp(ResourceKind.HALL, UnitClass.OTHER, Money(7_000_000), START, HCMC, date(2030, 1, 1))


@pytest.mark.parametrize(
    ("before", "percent", "why"),
    [
        (timedelta(days=30), 0, "long before"),
        (timedelta(days=7), 0, "exactly seven days: still free"),
        (timedelta(days=7) - timedelta(seconds=1), 30, "a second later"),
        (timedelta(days=3), 30, "exactly three days"),
        (timedelta(days=2), 50, "two days"),
        (timedelta(hours=12), 50, "exactly twelve hours"),
        (timedelta(hours=12) - timedelta(microseconds=1), 100, "the least bit later"),
        (timedelta(0), 100, "as it starts"),
        (-timedelta(hours=1), 100, "after the start"),
    ],
)
def test_the_first_notice_that_is_reached_decides(before, percent, why):
    due = cancellation.due([HALL], LINE, START - before)
    assert due.percent == percent, why
    assert due.amount == Money(70_000 * percent)


@pytest.mark.parametrize(
    ("start", "cancelled", "percent", "why"),
    [
        ("2030-04-02T09:00", "2030-03-30T09:00", 30, "three days on the wall clock, 71 hours"),
        ("2030-04-02T09:00", "2030-03-30T09:01", 50, "a minute later"),
        ("2030-10-29T09:00", "2030-10-26T09:00", 30, "three days on the wall clock, 73 hours"),
        ("2030-10-29T09:00", "2030-10-26T09:30", 50, "72.5 hours, but not three days"),
        ("2030-03-31T12:00", "2030-03-31T00:00", 100, "noon to midnight was only 11 hours"),
        ("2030-10-27T12:00", "2030-10-27T00:30", 50, "and in autumn 12.5 hours"),
    ],
)
def test_days_run_on_the_wall_clock_of_the_site_and_hours_by_the_watch(
    start, cancelled, percent, why
):
    local = [datetime.fromisoformat(text).replace(tzinfo=BERLIN) for text in (start, cancelled)]
    line = replace(LINE, starts_at=local[0].astimezone(UTC), zone=BERLIN)
    assert cancellation.due([HALL], line, local[1].astimezone(UTC)).percent == percent, why


def test_a_class_of_unit_may_have_terms_of_its_own():
    kind = HALL.model_copy(
        update={"unit_class": UnitClass.POLITICAL, "steps": (Step(hours=0, percent=10),)}
    )
    political = replace(LINE, unit_class=UnitClass.POLITICAL)
    for terms in ([HALL, kind], [kind, HALL]):
        assert cancellation.due(terms, political, START).percent == 10
        assert cancellation.due(terms, LINE, START).percent == 100


def test_the_terms_of_the_day_of_the_request_hold():
    old = HALL.model_copy(update={"valid_to": date(2030, 1, 31)})
    new = HALL.model_copy(
        update={"valid_from": date(2030, 2, 1), "steps": (Step(hours=0, percent=80),)}
    )
    for day, percent in ((date(2030, 1, 31), 100), (date(2030, 2, 1), 80)):
        line = replace(LINE, requested_on=day)
        assert cancellation.due([old, new], line, START).percent == percent
    assert cancellation.due([old, new], replace(LINE, requested_on=date(2020, 1, 1)), START) is None


def test_it_says_why_in_both_languages():
    due = cancellation.due([HALL], LINE, START - timedelta(days=2, hours=3))
    assert due.explanation.replace("\xa0", " ") == "hủy trước 2 ngày: 50 % của 7.000.000 đ"
    assert due.explanation_en.replace("\xa0", " ") == (
        "cancelled 2 days before: 50% of 7,000,000 đ"
    )


@pytest.mark.parametrize(
    "steps",
    [
        [{"days": 1, "percent": 10}],  # nobody says what holds on the last day
        [{"hours": 0, "percent": 10}, {"days": 1, "percent": 0}],  # the wrong way round
        [{"days": 1, "percent": 5}, {"hours": 24, "percent": 9}, {"hours": 0, "percent": 10}],
        [{"hours": 0, "percent": 101}],
        [{"hours": 0, "days": 0, "percent": 10}],
        [],
    ],
)
def test_steps_that_leave_a_gap_are_refused(steps):
    with pytest.raises(ValidationError):
        Terms(kind="hall", valid_from="2024-01-01", source="x", steps=steps)


def test_two_terms_for_one_thing_on_one_day_are_refused():
    with pytest.raises(BadDocument):
        cancellation.require_no_overlap([HALL, HALL])
    cancellation.require_no_overlap(cancellation.terms())


@given(
    price=st.integers(0, 10**12),
    earlier=st.integers(0, 10**6),
    later=st.integers(0, 10**6),
)
def test_who_cancels_earlier_never_owes_more_and_nobody_more_than_the_price(price, earlier, later):
    line = replace(LINE, price=Money(price))
    minutes = sorted((earlier, later), reverse=True)
    first, second = (
        cancellation.due([HALL], line, START - timedelta(minutes=m)).amount for m in minutes
    )
    assert Money(0) <= first <= second <= Money(price)


def live(booking, kind=None):
    return sum(charge.amount_minor for charge in charges.live(booking, kind))


def cancel(booking, desk, before):
    with clock.standing_at(STARTS - before):
        told = cancellation_charges.estimate(booking)
        bookings.cancel(booking, by=desk)
    return told


def test_a_cancelled_booking_owes_what_its_terms_keep_and_no_more(booking, desk):
    told = cancel(booking, desk, timedelta(days=1))
    # 50 % of the hall, 30 % of the camera.
    assert {line.line.resource.code: line.percent for line in told.lines} == {"H100": 50, "CAM": 30}
    assert live(booking, ChargeKind.RENTAL) == 0
    assert live(booking) == 4_500_000 + 360_000
    with clock.standing_at(STARTS - timedelta(days=1)):
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    assert invoice.total == told.total


def test_every_charge_is_either_reversed_or_owed(booking, desk):
    before = live(booking)
    cancel(booking, desk, timedelta(days=1))
    every = db.session.scalars(sa.select(Charge).where(Charge.booking_id == booking.id)).all()
    reversed_now = sum(c.amount_minor for c in every if c.reversed_at)
    owed = sum(c.amount_minor for c in every if not c.reversed_at)
    assert reversed_now == before
    assert owed == 4_860_000
    assert {c.kind for c in every if not c.reversed_at} == {ChargeKind.CANCELLATION}


def test_who_cancels_in_time_owes_nothing(booking, desk):
    told = cancel(booking, desk, timedelta(days=8))
    assert not told.total
    assert live(booking) == 0
    assert cancellation_charges.of_cancelled(booking) == []


def test_a_request_that_was_never_confirmed_costs_nothing(desk):
    build.a_hall(code="H100")
    booking = asked("H100")
    told = cancel(booking, desk, timedelta(minutes=5))
    assert told.lines == ()
    assert live(booking) == 0


def test_political_duty_is_free_to_move(desk):
    build.a_hall(code="H100")
    booking = asked("H100", unit_class=UnitClass.POLITICAL)
    bookings.confirm(booking, by=desk)
    assert not cancel(booking, desk, timedelta(minutes=5)).total
    assert live(booking) == 0


def test_a_draft_is_drawn_anew(booking, desk):
    invoices.draft_for(booking)
    cancel(booking, desk, timedelta(days=1))
    assert invoices.for_booking(booking) == []
    assert invoices.draft_for(booking).total_minor > 0


def test_what_is_on_an_issued_invoice_stays_for_finance_to_credit(booking, open_invoice, desk):
    total = open_invoice.total
    told = cancel(booking, desk, timedelta(days=1))
    assert told.is_invoiced
    assert not told.total
    assert open_invoice.total == total
    assert cancellation_charges.of_cancelled(booking) == []


def test_a_void_invoice_leaves_what_the_notice_given_owes_not_the_full_price(
    booking, open_invoice, desk
):
    cancel(booking, desk, timedelta(days=1))
    with clock.standing_at(STARTS + timedelta(days=9)):
        invoices.void(open_invoice, by=desk, reason="khách đã hủy")
    assert live(booking, ChargeKind.RENTAL) == 0
    # The notice of the day it was cancelled, not of the day finance got to it.
    assert live(booking) == 4_500_000 + 360_000


def test_voiding_a_second_invoice_keeps_what_the_cancellation_owes(booking, open_invoice, desk):
    cancel(booking, desk, timedelta(days=1))
    invoices.void(open_invoice, by=desk, reason="khách đã hủy")
    again = invoices.issue(invoices.draft_for(booking), by=desk)
    invoices.void(again, by=desk, reason="sai tên đơn vị")
    assert live(booking) == 4_500_000 + 360_000


def test_a_no_show_keeps_its_charges(booking, desk):
    before = live(booking)
    with clock.standing_at(STARTS + timedelta(hours=1)):
        bookings.no_show(booking, by=desk)
    assert live(booking, ChargeKind.RENTAL) == before
