"""A circuit that is rented over months is charged, reconciled and invoiced month by month."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from billing import (
    cancellation_charges,
    charges,
    circuit_months,
    due_charges,
    invoices,
    month_charges,
    quotes,
    reconciling,
    tax_days,
    traffic,
    worklist,
)
from billing.due_charges import HeldBack
from billing.errors import BadReconciliation, InvoicedAlready, NothingToInvoice
from billing.models import Charge, ChargeKind, CircuitMonth, Grouping, InvoiceStatus
from billing.money import Money, total
from config import clock
from config.database import db
from rental import bookings, interruptions
from rental.asking import Changes, RequestedBooking, WantedLine
from rental.models import Booking, EventKind, Member
from rental.period import Period
from tests import build

pytestmark = pytest.mark.usefixtures("house")

HOME = ZoneInfo("Asia/Ho_Chi_Minh")
# A hundred Mbps at 8 000 đ a day: 800 000 đ a day for 17 + 28 + 10 days.
DAY = 800_000
JANUARY, FEBRUARY, MARCH = date(2030, 1, 1), date(2030, 2, 1), date(2030, 3, 1)


def _local(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2030, month, day, hour, tzinfo=HOME).astimezone(UTC)


def at(month: int, day: int) -> AbstractContextManager[None]:
    return clock.standing_at(_local(month, day, 9))


@pytest.fixture
def rented(desk: Member) -> Iterator[Booking]:
    """A circuit from 15 January until 11 March 2030, confirmed on 2 January."""
    with at(1, 2):
        build.a_circuit(code="C1", mbps=100)
        booking = _asked(_local(1, 15), _local(3, 11))
        bookings.confirm(booking, by=desk)
    yield booking
    assert reconciling.differences() == []


def _asked(starts_at: datetime, ends_at: datetime) -> Booking:
    member = build.a_member(unit=build.a_unit())
    line = WantedLine("C1", 1, Period(starts_at, ends_at))
    wanted = RequestedBooking(member.unit, "Thuê đường truyền", EventKind.OTHER, [line])
    return bookings.request(wanted, by=member)


def _charged(booking: Booking, kind: ChargeKind = ChargeKind.RENTAL) -> list[int]:
    return [one.amount_minor for one in charges.live(booking, kind)]


def _come_round() -> None:
    for booking_id in circuit_months.to_charge():
        charges.add_for(db.session.get_one(Booking, booking_id))


def _month(booking: Booking, first: date) -> CircuitMonth:
    found = month_charges.find(booking.lines[0], first)
    assert found is not None
    return found


def _reconcile(booking: Booking, first: date, by: Member) -> None:
    circuit_months.reconcile(_month(booking, first), by=by, note="không có số đo")


def test_nothing_is_charged_before_it_begins_and_each_month_when_it_does(rented: Booking) -> None:
    assert _charged(rented) == []
    with at(1, 14):
        _come_round()
    assert _charged(rented) == []
    for (month, day), expected in (
        ((1, 15), [17 * DAY]),
        ((1, 31), [17 * DAY]),
        ((2, 1), [17 * DAY, 28 * DAY]),
        ((3, 30), [17 * DAY, 28 * DAY, 10 * DAY]),
    ):
        with at(month, day):
            _come_round()
            _come_round()
        assert _charged(rented) == expected
    assert Money(sum(_charged(rented))) == total(
        one.priced.amount for one in quotes.for_booking(rented).lines
    )


def test_the_line_of_an_event_over_a_months_end_is_one_service(desk: Member) -> None:
    with at(1, 2):
        build.a_circuit(code="C1", mbps=100)
        booking = _asked(_local(1, 31, 22), _local(2, 1, 2))
        bookings.confirm(booking, by=desk)
        # Ahead of the event, as its hall would be.
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    assert _charged(booking) == [DAY]
    assert month_charges.of_bookings([booking.id]) == []
    for hour, deed in ((23, interruptions.begin), (24, interruptions.end)):
        instant = _local(1, 31, 23) + timedelta(hours=hour - 23)
        with clock.standing_at(instant):
            deed(booking.lines[0].resource, cause="test", at=instant)
    with at(2, 3):
        _come_round()
        db.session.refresh(invoice)
    # An hour of the four that it was rented for.
    assert invoice.credited.minor * 4 == invoice.total.minor
    assert circuit_months.to_charge() == []
    assert reconciling.differences() == []


@pytest.mark.parametrize("days", [7, 8])
def test_what_is_rented_for_longer_than_a_week_is_periodic(desk: Member, days: int) -> None:
    with at(1, 2):
        build.a_circuit(code="C1", mbps=100)
        booking = _asked(_local(1, 30), _local(1, 30) + timedelta(days=days))
        bookings.confirm(booking, by=desk)
    assert bool(month_charges.of_bookings([booking.id])) is (days > 7)


def test_a_line_says_how_its_month_came_about(rented: Booking) -> None:
    with at(2, 3):
        _come_round()
    january, february = charges.live(rented, ChargeKind.RENTAL)
    assert january.description.endswith("tháng 01/2030")
    assert january.explanation.startswith("17/55 ngày của giá đã hứa 44.000.000")
    assert (february.quantity, february.unit_price_minor) == (Decimal(2800), 8000)
    assert (february.starts_at, february.ends_at) == (_local(2, 1), _local(3, 1))


def test_a_circuit_within_one_month_is_charged_at_once(desk: Member) -> None:
    with at(1, 2):
        build.a_circuit(code="C1", mbps=100)
        booking = _asked(_local(1, 15), _local(2, 1))
        bookings.confirm(booking, by=desk)
    (charge,) = charges.live(booking)
    assert (charge.amount_minor, charge.month_id) == (17 * DAY, None)


def test_what_was_charged_whole_before_stays_whole(rented: Booking) -> None:
    with at(1, 2):
        sample = charges.coming(rented)[0]
    # As it was charged before there were months.
    db.session.execute(sa.delete(CircuitMonth))
    same = (
        "unit_id booking_id line_id description description_en quantity unit_price_minor "
        "amount_minor service vat_code starts_at ends_at"
    )
    whole = Charge(**{name: getattr(sample, name) for name in same.split()})
    db.session.add(whole)
    db.session.flush()
    with at(2, 3):
        _come_round()
        charges.add_for(rented)
    assert charges.live(rented) == [whole]
    assert month_charges.of_bookings([rented.id]) == []


def test_a_month_is_invoiced_once_it_is_over_and_reconciled(rented: Booking, desk: Member) -> None:
    with at(1, 20):
        _come_round()
        with pytest.raises(BadReconciliation):
            _reconcile(rented, JANUARY, desk)
    with at(2, 3):
        _come_round()
        (unit,) = due_charges.due(date(2030, 2, 2), Grouping.BOOKING)
        assert unit.groups == ()
        assert [(one.why, one.month) for one in unit.held] == [(HeldBack.NOT_RECONCILED, JANUARY)]
        with pytest.raises(NothingToInvoice):
            invoices.draft_for(rented)
        _reconcile(rented, JANUARY, desk)
        with pytest.raises(BadReconciliation):
            _reconcile(rented, JANUARY, desk)
        (unit,) = due_charges.due(date(2030, 2, 2), Grouping.BOOKING)
        (group,) = unit.groups
        assert [one.amount_minor for one in group.charges] == [17 * DAY]
        invoice = invoices.issue(
            invoices.draft_of([rented], [one.id for one in group.charges]), by=desk
        )
    assert [line.net_minor for line in invoice.lines] == [17 * DAY]
    assert circuit_months.of(_month(rented, JANUARY)).state == "invoiced"


def test_the_database_keeps_months_off_invoices_until_they_are_reconciled(
    rented: Booking, desk: Member
) -> None:
    with at(3, 3):
        _come_round()
        _reconcile(rented, JANUARY, desk)
        draft = invoices.draft_for(rented)
    assert [line.net_minor for line in draft.lines] == [17 * DAY]
    february = charges.live(rented)[1]
    february.invoice_id = draft.id
    with pytest.raises(sa.exc.IntegrityError, match="months_are_invoiced_once_reconciled"):
        db.session.flush()
    db.session.rollback()


@pytest.mark.parametrize(
    ("reconciled", "issued", "expected"),
    [
        ("2030-02-03", "2030-02-03", "2030-02-03"),
        ("2030-02-03", "2030-02-20", "2030-02-03"),
        # Reconciled too late, it bears the rate of the day by which it was due.
        ("2030-02-12", "2030-02-20", "2030-02-07"),
    ],
)
def test_a_month_bears_the_rate_of_its_reconciliation(
    rented: Booking, desk: Member, reconciled: str, issued: str, expected: str
) -> None:
    first = date.fromisoformat(reconciled)
    with at(first.month, first.day):
        _come_round()
        _reconcile(rented, JANUARY, desk)
    (charge,) = (one for one in charges.live(rented) if one.tax_day)
    assert min(charge.tax_day or date.max, date.fromisoformat(issued)) == date.fromisoformat(
        expected
    )


@pytest.mark.parametrize(
    ("day", "late"),
    [("2030-02-07", 0), ("2030-02-08", 1), ("2030-03-07", 1), ("2030-03-08", 2)],
)
def test_after_the_7th_a_month_is_on_the_work_list(rented: Booking, day: str, late: int) -> None:
    when = date.fromisoformat(day)
    with at(when.month, when.day):
        _come_round()
        pile = worklist.late_months()
        stands = [one.state for one in circuit_months.waiting()]
    assert (pile.count, stands.count("late")) == (late, late)
    assert tax_days.due(date(2029, 12, 1)) == date(2030, 1, 7)


def test_reconciling_is_taken_back_until_a_draft_holds_it(rented: Booking, desk: Member) -> None:
    with at(2, 3):
        _come_round()
        _reconcile(rented, JANUARY, desk)
        month = _month(rented, JANUARY)
        circuit_months.reopen(month, by=desk, reason="thiếu giảm trừ")
        assert month.reconciled_at is None
        with pytest.raises(BadReconciliation):
            circuit_months.reopen(month, by=desk, reason="lần nữa")
        _reconcile(rented, JANUARY, desk)
        draft = invoices.draft_for(rented)
        with pytest.raises(BadReconciliation):
            circuit_months.reopen(month, by=desk, reason="thiếu giảm trừ")
        invoices.discard(draft)
        with pytest.raises(BadReconciliation):
            circuit_months.reopen(month, by=desk, reason=" ")
        circuit_months.reopen(month, by=desk, reason="thiếu giảm trừ")


def test_traffic_that_is_not_known_asks_for_a_word(rented: Booking, desk: Member) -> None:
    with at(2, 3):
        _come_round()
        month = _month(rented, JANUARY)
        assert not circuit_months.is_traffic_known(month)
        with pytest.raises(BadReconciliation):
            circuit_months.reconcile(month, by=desk)
        circuit_months.reconcile(month, by=desk, note="cổng chưa có số đo")
    assert month.note == "cổng chưa có số đo"


def test_an_interruption_reduces_its_own_month(rented: Booking, desk: Member) -> None:
    line = rented.lines[0]
    with at(2, 20):
        # The round has not come yet; the month is charged all the same.
        interruptions.begin(line.resource, cause="outage:1", at=_local(2, 10))
        interruptions.end(line.resource, cause="outage:1", at=_local(2, 12))
    (credit,) = charges.live(rented, ChargeKind.CREDIT)
    february = _month(rented, FEBRUARY)
    assert credit.month_id == february.id
    # Two of the month's 28 days.
    assert credit.amount_minor == -2 * DAY
    stands = circuit_months.of(february)
    assert (stands.rental.minor, stands.credits.minor) == (28 * DAY, -2 * DAY)
    with at(3, 2):
        _come_round()
        _reconcile(rented, FEBRUARY, desk)
        draft = invoices.draft_for(rented)
    assert draft.net_minor == 26 * DAY


def test_cancelled_half_way_the_months_used_stay(rented: Booking, desk: Member) -> None:
    with at(2, 20):
        _come_round()
        foreseen = cancellation_charges.estimate(rented)
        # March begins in nine days: by its notice nothing of it is owed.
        assert [(one.price.minor, one.percent) for one in foreseen.lines] == [(10 * DAY, 0)]
        bookings.cancel(rented, by=desk, reason="hết nhu cầu")
    assert _charged(rented) == [17 * DAY, 28 * DAY]
    assert _charged(rented, ChargeKind.CANCELLATION) == []
    with at(3, 12):
        _come_round()
        _reconcile(rented, FEBRUARY, desk)
        (unit,) = due_charges.due(date(2030, 3, 11), Grouping.UNIT)
        assert [one.month for one in unit.held] == [JANUARY]
        assert [len(one.charges) for one in unit.groups] == [1]
    assert _charged(rented) == [17 * DAY, 28 * DAY]


def test_a_month_that_begins_soon_owes_by_its_notice(rented: Booking, desk: Member) -> None:
    with at(2, 28):
        _come_round()
        bookings.cancel(rented, by=desk, reason="hết nhu cầu")
    assert _charged(rented, ChargeKind.CANCELLATION) == [10 * DAY]


def test_cancelled_before_it_begins_nothing_is_used(rented: Booking, desk: Member) -> None:
    with at(1, 3):
        bookings.cancel(rented, by=desk, reason="hoãn")
    assert charges.live(rented) == []
    assert month_charges.of_bookings([rented.id]) == []


def test_a_void_invoice_leaves_the_used_months_owed(rented: Booking, desk: Member) -> None:
    with at(2, 3):
        _come_round()
        _reconcile(rented, JANUARY, desk)
        invoice = invoices.issue(invoices.draft_for(rented), by=desk)
        bookings.cancel(rented, by=desk, reason="hết nhu cầu")
        invoices.void(invoice, by=desk, reason="sai tên")
        again = invoices.draft_for(rented)
    assert (invoice.status, again.net_minor) == (InvoiceStatus.VOID, 17 * DAY)


def test_a_longer_rental_keeps_what_was_invoiced(rented: Booking, desk: Member) -> None:
    with at(2, 3):
        _come_round()
        _reconcile(rented, JANUARY, desk)
        invoices.issue(invoices.draft_for(rented), by=desk)
        longer = Period(_local(1, 15), _local(4, 11))
        bookings.change(rented, Changes(lines=[WantedLine("C1", 1, longer)]), by=desk)
    assert _charged(rented) == [17 * DAY, 28 * DAY]
    with at(4, 2):
        _come_round()
    assert _charged(rented) == [17 * DAY, 28 * DAY, 31 * DAY, 10 * DAY]


def test_an_invoiced_month_does_not_change_under_its_invoice(rented: Booking, desk: Member) -> None:
    with at(2, 3):
        _come_round()
        _reconcile(rented, JANUARY, desk)
        invoices.issue(invoices.draft_for(rented), by=desk)
        double = WantedLine("C1", 1, Period(_local(1, 20), _local(3, 11)))
        with pytest.raises(InvoicedAlready):
            charges.renew_for(_moved(rented, double.period))


def _moved(booking: Booking, period: Period) -> Booking:
    booking.lines[0].starts_at, booking.lines[0].ends_at = period
    return booking


def test_traffic_joins_its_month(rented: Booking) -> None:
    line = rented.lines[0]
    month = traffic.month_of(line, FEBRUARY)
    assert (month.window.starts_at, month.window.ends_at) == (_local(2, 1), _local(3, 1))
    assert _month(rented, FEBRUARY).starts_at == month.window.starts_at
