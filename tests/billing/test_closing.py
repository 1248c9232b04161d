"""A closed month: nothing with a date in it is written any more."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from billing import closing, credit_notes, invoices, ledger, payments
from billing.credit_notes import NewCredit
from billing.errors import BadClosing, MonthClosed
from billing.models import Invoice, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config import clock
from config.database import db
from rental import bookings
from rental.models import Member
from tests import build
from tests.billing.steps import asked

pytestmark = pytest.mark.usefixtures("house")

MARCH = date(2029, 3, 1)
IN_MARCH = datetime(2029, 3, 20, 3, tzinfo=UTC)
# 2 April at Hồ Chí Minh City's wall clock.
IN_APRIL = datetime(2029, 4, 2, 3, tzinfo=UTC)


@pytest.fixture
def march_invoice(desk: Member) -> Iterator[Invoice]:
    """Issued in March 2029; the test stands in April."""
    build.a_hall(code="H100", name="Hội trường lớn")
    with clock.standing_at(IN_MARCH):
        booking = asked("H100")
        bookings.confirm(booking, by=desk)
        invoice = invoices.issue(invoices.draft_for(booking), by=desk)
    with clock.standing_at(IN_APRIL):
        yield invoice


def _paid(reference: str, at: datetime | None) -> NewPayment:
    return NewPayment(PaymentMethod.TRANSFER, Money(1000), reference, at)


def test_a_payment_dated_in_a_closed_month_is_told_where_to_go(
    march_invoice: Invoice, desk: Member
) -> None:
    payments.record(march_invoice, _paid("FT1", IN_MARCH), by=desk)
    closing.close(MARCH, by=desk)
    with pytest.raises(MonthClosed, match=r"03/2029 is closed.*from 01/04/2029 on"):
        payments.record(march_invoice, _paid("FT2", IN_MARCH), by=desk)
    assert payments.record(march_invoice, _paid("FT2", None), by=desk).received_at == IN_APRIL


def test_the_day_is_that_of_the_centre(march_invoice: Invoice, desk: Member) -> None:
    closing.close(MARCH, by=desk)
    # 31 March 17:00 UTC is April in Hồ Chí Minh City, a minute earlier is not.
    payments.record(march_invoice, _paid("A", datetime(2029, 3, 31, 17, tzinfo=UTC)), by=desk)
    with pytest.raises(MonthClosed):
        payments.record(
            march_invoice, _paid("B", datetime(2029, 3, 31, 16, 59, tzinfo=UTC)), by=desk
        )


def test_an_invoice_of_a_closed_month_is_credited_and_not_voided(
    march_invoice: Invoice, desk: Member
) -> None:
    closing.close(MARCH, by=desk)
    with pytest.raises(MonthClosed):
        invoices.void(march_invoice, by=desk, reason="sai")
    note = credit_notes.issue(march_invoice, NewCredit("sai"), by=desk)
    assert note.tax_date == date(2029, 4, 2)


def test_a_payment_of_a_closed_month_is_reversed_in_the_open_one(
    march_invoice: Invoice, desk: Member
) -> None:
    payment = payments.record(march_invoice, _paid("FT1", IN_MARCH), by=desk)
    closing.close(MARCH, by=desk)
    payments.reverse(payment, by=desk, reason="nhầm đơn vị")
    assert payment.reversed_at == IN_APRIL
    late = payments.receive(march_invoice.unit, _paid("FT9", None), by=desk)
    with clock.standing_at(IN_MARCH), pytest.raises(sa.exc.IntegrityError, match="closed"):
        ledger.allocate(late, march_invoice, by=desk)


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE invoice SET total_minor = total_minor + 1, net_minor = net_minor + 1",
        "UPDATE invoice SET tax_date = '2029-04-01'",
        "UPDATE invoice SET status = 'void', paid_minor = 0",
        "UPDATE payment SET amount_minor = amount_minor + 1",
        "UPDATE payment SET received_at = '2029-04-01'",
        "UPDATE allocation SET amount_minor = amount_minor + 1",
        "UPDATE allocation SET released_at = '2029-03-21', released_reason = 'x'",
        "DELETE FROM payment",
        (
            "INSERT INTO allocation (payment_id, invoice_id, amount_minor, allocated_at) "
            "SELECT id, invoice_id, 1, '2029-03-21' FROM payment"
        ),
    ],
)
def test_the_database_itself_refuses(march_invoice: Invoice, desk: Member, deed: str) -> None:
    payments.record(march_invoice, _paid("FT1", IN_MARCH), by=desk)
    closing.close(MARCH, by=desk)
    db.session.flush()
    with pytest.raises(sa.exc.IntegrityError, match="closed"), db.session.begin_nested():
        db.session.execute(sa.text(deed))


def test_a_month_opened_again_takes_what_was_late(march_invoice: Invoice, desk: Member) -> None:
    closing.close(MARCH, by=desk)
    with pytest.raises(BadClosing, match="why"):
        closing.reopen(MARCH, by=desk, reason=" ")
    closing.reopen(MARCH, by=desk, reason="Thiếu một sao kê")
    payments.record(march_invoice, _paid("FT2", IN_MARCH), by=desk)
    closing.close(MARCH, by=desk)
    assert [one.reopened_reason for one in closing.all_()] == [None, "Thiếu một sao kê"]


@pytest.mark.usefixtures("march_invoice")
def test_a_month_is_closed_once_and_when_it_is_over(desk: Member) -> None:
    with pytest.raises(BadClosing, match="not over"):
        closing.close(date(2029, 4, 1), by=desk)
    closing.close(date(2029, 3, 17), by=desk)
    with pytest.raises(BadClosing, match="already"):
        closing.close(MARCH, by=desk)
    with pytest.raises(BadClosing, match="not closed"):
        closing.reopen(date(2029, 2, 1), by=desk, reason="x")


def test_a_closing_waits_for_whoever_is_writing(
    march_invoice: Invoice, desk: Member, ground: object
) -> None:
    invoice_id, desk_id = march_invoice.id, desk.id
    db.session.commit()
    payments.record(march_invoice, _paid("FT1", IN_MARCH), by=desk)
    began, done = threading.Event(), threading.Event()

    def close() -> None:
        with ground.app_context(), clock.standing_at(IN_APRIL):  # type: ignore[attr-defined]
            began.set()
            closing.close(MARCH, by=db.session.get(Member, desk_id))
            db.session.commit()
            done.set()

    other = threading.Thread(target=close)
    other.start()
    began.wait(10)
    assert not done.is_set()
    db.session.commit()
    other.join(20)
    assert done.is_set()
    # The payment was there before the closing; the next one is late.
    with pytest.raises(MonthClosed):
        payments.record(invoices.get(invoice_id), _paid("FT2", IN_MARCH), by=desk)
