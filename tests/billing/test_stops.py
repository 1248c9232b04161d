"""A unit that owes too much for too long asks for nothing new, unless it is let go on."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from billing import invoices, payments, stops
from billing.errors import BadGrace, UnitOverdue, UnknownGrace
from billing.models import Invoice, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config import clock
from config.database import db
from rental import bookings, holds, journal, series
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.holds import Conversion, NewHold
from rental.models import Booking, EventKind
from rental.period import Period
from rental.series import RequestedSeries
from tests import build
from tests.billing.steps import STARTS, paid_by_transfer


def wanted(unit, days: int = 1) -> RequestedBooking:
    starts = STARTS + timedelta(days=days)
    period = Period(starts, starts + timedelta(hours=3))
    return RequestedBooking(unit, "Họp", EventKind.FORUM, [WantedLine("H100", 1, period)])


def late_by(invoice: Invoice, days: int) -> None:
    invoice.due_on = clock.today() - timedelta(days=days)
    db.session.flush()


@pytest.fixture
def overdue(open_invoice):
    """An invoice of ten million, 31 days overdue; the sample stops after 30."""
    late_by(open_invoice, 31)
    return open_invoice


@pytest.mark.parametrize(
    ("days", "left", "stopped"),
    [
        (30, None, False),  # the thirtieth day still passes
        (31, None, True),
        (31, 999_999, False),  # too little to stop anybody
        (31, 1_000_000, True),
    ],
)
def test_who_is_stopped(open_invoice, days, left, stopped):
    late_by(open_invoice, days)
    if left is not None:
        payments.record(open_invoice, paid_by_transfer(open_invoice.left.minor - left), by=None)
    found = stops.arrears_of([open_invoice.unit_id])
    assert (open_invoice.unit_id in found) is stopped


def test_the_refusal_names_amount_day_and_account_and_writes_nothing(overdue):
    member = overdue.booking.member
    before = db.session.scalar(sa.select(sa.func.count(Booking.id)))
    with pytest.raises(UnitOverdue) as refused:
        bookings.request(wanted(member.unit), by=member)
    assert overdue.left.text() in refused.value.message
    assert overdue.due_on.strftime("%d/%m/%Y") in refused.value.message
    assert refused.value.details["owed"] == overdue.left.as_json()
    assert db.session.scalar(sa.select(sa.func.count(Booking.id))) == before


def test_a_series_is_refused_as_well_and_so_is_the_staff(overdue, desk):
    member = overdue.booking.member
    with pytest.raises(UnitOverdue):
        series.request(RequestedSeries(wanted(member.unit), "FREQ=WEEKLY;COUNT=3"), by=member)
    with pytest.raises(UnitOverdue, match="Let it go on under “Stopped units”"):
        bookings.request(wanted(member.unit), by=desk)


def test_a_hold_is_placed_but_becomes_no_booking(overdue):
    member = overdue.booking.member
    asked = wanted(member.unit)
    hold = holds.place(NewHold(asked.unit, asked.title, asked.event_kind, asked.lines), by=member)
    with pytest.raises(UnitOverdue):
        holds.convert(hold, Conversion(), by=member)


def test_what_is_booked_already_is_changed_and_confirmed_all_the_same(overdue, desk):
    booking = overdue.booking
    bookings.change(booking, Changes(title="Họp báo mới"), by=desk)
    assert booking.title == "Họp báo mới"


def test_other_units_are_not_touched(overdue):
    other = build.a_member()
    assert bookings.request(wanted(other.unit), by=other).reference


def test_a_grace_lets_the_unit_go_on_until_its_day_and_the_journal_says_why(overdue, desk):
    unit, member = overdue.unit, overdue.booking.member
    today = clock.today()
    stops.grant(unit, until=today + timedelta(days=2), reason="Đã có lệnh chi", by=desk)
    assert bookings.request(wanted(unit), by=member).reference
    (entry,) = journal.of(unit)
    assert (entry.verb, entry.details["reason"]) == ("grace_granted", "Đã có lệnh chi")
    with clock.standing_at(clock.now() + timedelta(days=3)), pytest.raises(UnitOverdue):
        bookings.request(wanted(unit, 5), by=member)


def test_a_grace_is_taken_back_once(overdue, desk):
    unit, member = overdue.unit, overdue.booking.member
    stops.grant(unit, until=clock.today(), reason="hẹn", by=desk)
    stops.grant(unit, until=clock.today(), reason="hẹn lại", by=desk)
    assert stops.grace_of(unit).reason == "hẹn lại"
    stops.end_grace(unit, by=desk)
    with pytest.raises(UnknownGrace):
        stops.end_grace(unit, by=desk)
    with pytest.raises(UnitOverdue):
        bookings.request(wanted(unit), by=member)


@pytest.mark.parametrize(("reason", "days"), [(" ", 1), ("có", -1), ("có", 61)])
def test_a_grace_has_a_reason_and_an_end(overdue, desk, reason, days):
    until = clock.today() + timedelta(days=days)
    with pytest.raises(BadGrace):
        stops.grant(overdue.unit, until=until, reason=reason, by=desk)


def test_what_is_paid_given_up_or_not_due_stops_nobody(overdue, desk):
    invoices.write_off(overdue, by=desk, reason="giải thể")
    assert stops.arrears_of([overdue.unit_id]) == {}


@pytest.mark.parametrize(("balance", "stopped"), [(999_999, True), (9_500_000, False)])
def test_what_was_paid_and_pays_no_invoice_yet_counts_for_the_unit(overdue, balance, stopped):
    # Ten million are owed; a million would still stop it.
    assert overdue.left == Money(10_296_000)
    new = NewPayment(PaymentMethod.TRANSFER, Money(balance), "FT1")
    payments.receive(overdue.unit, new, by=None)
    found = stops.arrears_of([overdue.unit_id])
    assert (overdue.unit_id in found) is stopped
    if stopped:
        assert found[overdue.unit_id].amount == overdue.left - Money(balance)


def test_a_request_asks_billing_once_however_many_events_it_has(overdue):
    other = build.a_member()
    asked: list[str] = []

    def count(_c, _cursor, statement, *_rest):
        asked.extend([statement] if "FROM invoice" in statement else [])

    sa.event.listen(db.engine, "before_cursor_execute", count)
    try:
        bookings.request_all([wanted(other.unit, n) for n in range(1, 6)], by=other)
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", count)
    assert len(asked) == 1
