"""From a confirmed booking to a paid invoice, on a real database."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from billing import (
    charges,
    invoices,
    numbering,
    payments,
    quotes,
    transfers,
    vietqr,
)
from billing.errors import (
    BadAmount,
    InvoicedAlready,
    InvoiceNotFound,
    NothingToInvoice,
    OverPayment,
    PaymentRepeated,
    WrongInvoiceState,
)
from billing.models import InvoiceStatus, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config.database import db
from config.errors import Invalid
from rental import bookings
from rental.asking import Changes, WantedLine
from rental.models import Booking, BookingStatus, Member
from rental.period import Period
from rental.signals import booking_confirmed
from tests.billing.steps import STARTS, paid_by_transfer

pytestmark = pytest.mark.usefixtures("house")


def test_a_confirmed_booking_is_charged_invoiced_and_paid(booking: Booking, desk: Member) -> None:
    assert [c.amount.minor for c in charges.unbilled(booking.unit_id)] == [9_000_000, 1_200_000]
    with time_machine.travel("2026-11-22T20:00:00Z", tick=False):
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    # 20:00 in UTC is the next morning in Ho Chi Minh City.
    assert (invoice.tax_date, invoice.due_on) == (date(2026, 11, 23), date(2026, 12, 8))
    assert invoice.display_number == "1C26TMC-00000001"
    # 9 000 000 with 8 % in it and 1 200 000 plus 8 %, rounded once: 666 666.67 + 96 000.
    assert (invoice.net.minor, invoice.vat.minor) == (9_533_333, 762_667)
    assert invoice.total == Money(10_296_000)

    code = transfers.code(invoice)
    assert code is not None
    wanted = vietqr.parse(code)
    assert (wanted.bank_bin, wanted.amount) == ("970436", 10_296_000)
    assert wanted.bill == invoice.reference.replace("-", "")
    found = invoices.find_by_reference(wanted.bill or "")
    assert found is invoice

    payments.record(invoice, paid_by_transfer(wanted.amount or 0), by=desk)
    assert invoice.status is InvoiceStatus.PAID
    assert invoice.left == Money(0)
    assert transfers.code(invoice) is None


def test_the_quote_is_what_the_invoice_comes_to(booking: Booking, desk: Member) -> None:
    quote = quotes.for_booking(booking)
    with time_machine.travel(STARTS + timedelta(hours=5), tick=False):
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    assert (quote.net, quote.total) == (invoice.net, invoice.total)
    assert quote.sample
    assert quote.as_json()["total"] == {"minor": invoice.total_minor, "currency": "VND"}


def test_a_confirmation_announced_twice_charges_once(booking: Booking) -> None:
    booking_confirmed.send(booking)
    assert len(charges.live(booking)) == 2


def test_a_booking_cancelled_before_its_invoice_owes_nothing(
    booking: Booking, desk: Member
) -> None:
    draft_id = invoices.draft_for(booking).id
    bookings.cancel(booking, by=desk, reason="hoãn")
    assert charges.live(booking) == []
    assert invoices.for_booking(booking) == []
    with pytest.raises(NothingToInvoice):
        invoices.draft_for(booking)
    with pytest.raises(InvoiceNotFound):
        invoices.get(draft_id)


def test_a_changed_booking_is_charged_as_it_stands(booking: Booking, desk: Member) -> None:
    draft = invoices.draft_for(booking)
    period = Period(STARTS, STARTS + timedelta(hours=8))
    bookings.change(booking, Changes(lines=[WantedLine("H100", 1, period)]), by=desk)
    assert [c.amount.minor for c in charges.live(booking)] == [18_000_000]
    assert [line.total.minor for line in invoices.draft_for(booking).lines] == [18_000_000]
    assert invoices.for_booking(booking) == [invoices.draft_for(booking)]
    assert draft.status is InvoiceStatus.DRAFT


def test_a_new_title_leaves_the_charges_alone(booking: Booking, desk: Member) -> None:
    before = [c.id for c in charges.live(booking)]
    invoices.issue(invoices.draft_for(booking), by=desk)
    bookings.change(booking, Changes(title="Tên khác"), by=desk)
    assert [c.id for c in charges.live(booking)] == before


def test_an_invoiced_line_cannot_change_under_its_invoice(
    booking: Booking, open_invoice: Any, desk: Member
) -> None:
    period = Period(STARTS, STARTS + timedelta(hours=8))
    with pytest.raises(InvoicedAlready, match="credit that invoice first"):
        bookings.change(booking, Changes(lines=[WantedLine("H100", 1, period)]), by=desk)


def test_a_second_draft_of_the_same_booking_is_the_first(booking: Booking) -> None:
    assert invoices.draft_for(booking) is invoices.draft_for(booking)


def test_an_issued_invoice_is_not_issued_again(open_invoice: Any, desk: Member) -> None:
    with pytest.raises(WrongInvoiceState):
        invoices.issue(open_invoice, by=desk)
    with pytest.raises(NothingToInvoice):
        invoices.draft_for(open_invoice.booking)
    assert numbering.last("invoice", open_invoice.year) == 1


def test_what_was_issued_stays_as_it_was(open_invoice: Any) -> None:
    before = open_invoice.snapshot["buyer"]["name"]
    open_invoice.unit.name = "Tên mới"
    db.session.flush()
    assert open_invoice.snapshot["buyer"]["name"] == before
    assert open_invoice.snapshot["words"].endswith("đồng chẵn.")


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE invoice SET number = NULL",
        "UPDATE invoice SET status = 'draft'",
        "UPDATE invoice SET total_minor = total_minor + 1",
        "UPDATE invoice SET paid_minor = total_minor + 1",
        "UPDATE invoice SET status = 'paid'",
        "UPDATE invoice SET status = 'void', credited_minor = 1",
        "UPDATE invoice SET snapshot = NULL",
        "UPDATE number_counter SET last = 0",
    ],
)
def test_the_database_itself_refuses_impossible_invoices(open_invoice: Any, harm: str) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.text(harm))


def test_part_payments_add_up_until_nothing_is_left(open_invoice: Any, desk: Member) -> None:
    payments.record(open_invoice, paid_by_transfer(10_000_000), by=desk)
    assert open_invoice.status is InvoiceStatus.OPEN
    code = transfers.code(open_invoice)
    assert code is not None
    assert vietqr.parse(code).amount == open_invoice.left.minor
    cash = NewPayment(PaymentMethod.CASH, open_invoice.left)
    payments.record(open_invoice, cash, by=desk)
    assert open_invoice.status is InvoiceStatus.PAID
    assert sum(p.amount_minor for p in payments.of(open_invoice)) == open_invoice.total_minor


def test_over_payment_is_refused_with_what_to_do(open_invoice: Any, desk: Member) -> None:
    with pytest.raises(OverPayment, match="return the rest") as refusal:
        payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor + 1), by=desk)
    assert refusal.value.details["open"] == open_invoice.total.as_json()
    assert payments.of(open_invoice) == []


def test_the_same_slip_is_recorded_once(open_invoice: Any, desk: Member) -> None:
    payments.record(open_invoice, paid_by_transfer(1_000), by=desk)
    with pytest.raises(PaymentRepeated):
        payments.record(open_invoice, paid_by_transfer(1_000, " FT1 "), by=desk)
    payments.record(open_invoice, paid_by_transfer(1_001), by=desk)
    assert open_invoice.paid_minor == 2_001


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (paid_by_transfer(0), BadAmount),
        (paid_by_transfer(-1), BadAmount),
        (paid_by_transfer(1, "   "), Invalid),
        (paid_by_transfer(1, "x" * 101), Invalid),
        (
            NewPayment(PaymentMethod.CASH, Money(1), "", datetime(2999, 1, 1, tzinfo=UTC)),
            Invalid,
        ),
    ],
)
def test_values_that_are_no_payment_are_refused(
    open_invoice: Any, desk: Member, new: NewPayment, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        payments.record(open_invoice, new, by=desk)


def test_a_draft_takes_no_payment(booking: Booking, desk: Member) -> None:
    with pytest.raises(WrongInvoiceState, match="issue it first"):
        payments.record(invoices.draft_for(booking), paid_by_transfer(1), by=desk)


def test_a_void_invoice_frees_its_charges_for_another(open_invoice: Any, desk: Member) -> None:
    invoices.void(open_invoice, by=desk, reason="sai đơn vị")
    again = invoices.issue(invoices.draft_for(open_invoice.booking), by=desk)
    assert again.number == 2
    assert again.total == open_invoice.total
    with pytest.raises(WrongInvoiceState):
        payments.record(open_invoice, paid_by_transfer(1), by=desk)


def test_a_paid_invoice_cannot_be_voided(open_invoice: Any, desk: Member) -> None:
    payments.record(open_invoice, paid_by_transfer(1), by=desk)
    with pytest.raises(WrongInvoiceState, match="credit note"):
        invoices.void(open_invoice, by=desk, reason="?")


def test_money_may_come_after_a_write_off(open_invoice: Any, desk: Member) -> None:
    invoices.write_off(open_invoice, by=desk, reason="giải thể")
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=desk)
    assert open_invoice.status is InvoiceStatus.PAID


def test_a_cancelled_booking_on_an_issued_invoice_keeps_it(
    booking: Booking, open_invoice: Any, desk: Member
) -> None:
    bookings.cancel(booking, by=desk, reason="hoãn")
    assert booking.status is BookingStatus.CANCELLED
    assert open_invoice.status is InvoiceStatus.OPEN


def test_numbers_restart_each_year(booking: Booking) -> None:
    assert [numbering.take("invoice", year).number for year in (2026, 2026, 2027)] == [1, 2, 1]
    assert numbering.take("invoice", 2027).symbol == "1C27TMC"
    assert numbering.take("credit_note", 2027).number == 1


def test_no_draft_is_left_empty_by_a_change(booking: Booking, desk: Member) -> None:
    invoices.draft_for(booking)
    line = WantedLine("CAM", 2, Period(STARTS, STARTS + timedelta(hours=4)))
    bookings.change(booking, Changes(lines=[line]), by=desk)
    (draft,) = invoices.for_booking(booking)
    assert [one.net.minor for one in draft.lines] == [2_400_000]
