"""The money ledger: every đồng received pays an invoice, is balance, or went back."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import credit_notes, invoices, ledger, payments
from billing.credit_notes import NewCredit
from billing.errors import (
    BadAmount,
    OverAllocation,
    PaymentRepeated,
    WrongInvoiceState,
    WrongPaymentState,
)
from billing.models import Allocation, InvoiceStatus, Payment, PaymentMethod
from billing.money import Money
from billing.payments import NewPayment
from config.database import db, transaction
from config.errors import Invalid, Refusal
from rental.models import Booking, Member
from tests import build
from tests.billing.steps import paid_by_transfer


def whole(unit) -> tuple[int, int, int]:
    """What came in, what of it pays invoices, what is balance."""
    received, allocated = db.session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(Payment.amount_minor), 0),
            sa.func.coalesce(sa.func.sum(Payment.allocated_minor), 0),
        ).where(Payment.unit_id == unit.id, Payment.reversed_at.is_(None))
    ).one()
    return int(received), int(allocated), ledger.balance(unit).minor


def test_what_is_too_much_becomes_the_units_balance(open_invoice, desk):
    left = open_invoice.left
    payment = payments.receive(
        open_invoice.unit, paid_by_transfer(left.minor + 700), invoice=open_invoice, by=desk
    )
    assert open_invoice.status is InvoiceStatus.PAID
    assert payment.unspent == ledger.balance(open_invoice.unit) == Money(700)
    assert [one.amount for one in ledger.of_invoice(open_invoice)] == [left]


def test_a_payment_without_an_invoice_waits_as_balance(open_invoice, desk):
    payments.receive(open_invoice.unit, paid_by_transfer(5_000), by=desk)
    assert ledger.balance(open_invoice.unit) == Money(5_000)
    assert open_invoice.paid == Money(0)


def test_the_balance_pays_the_oldest_money_first(open_invoice, desk):
    unit = open_invoice.unit
    first = payments.receive(unit, paid_by_transfer(3_000, "FT1"), by=desk)
    second = payments.receive(unit, paid_by_transfer(open_invoice.total_minor, "FT2"), by=desk)
    ledger.use_balance(open_invoice, by=desk)
    assert open_invoice.status is InvoiceStatus.PAID
    assert (first.unspent, second.unspent) == (Money(0), Money(3_000))


def test_the_same_slip_is_taken_once_a_unit(open_invoice, desk):
    payments.receive(open_invoice.unit, paid_by_transfer(5_000), by=desk)
    with pytest.raises(PaymentRepeated):
        payments.receive(open_invoice.unit, paid_by_transfer(5_000, " FT1 "), by=desk)
    payments.receive(build.a_unit(), paid_by_transfer(5_000), by=desk)


@pytest.mark.parametrize(
    ("amount", "refusal"), [(0, BadAmount), (-1, BadAmount), (1_001, OverAllocation)]
)
def test_no_more_is_allocated_than_there_is(open_invoice, desk, amount, refusal):
    payment = payments.receive(open_invoice.unit, paid_by_transfer(1_000), by=desk)
    with pytest.raises(refusal):
        ledger.allocate(payment, open_invoice, Money(amount), by=desk)
    assert open_invoice.paid == Money(0)


def test_another_units_money_pays_nothing(open_invoice, desk):
    payment = payments.receive(build.a_unit(), paid_by_transfer(1_000), by=desk)
    with pytest.raises(WrongPaymentState):
        ledger.allocate(payment, open_invoice, by=desk)
    with pytest.raises(WrongPaymentState):
        payments.receive(build.a_unit(), paid_by_transfer(9), invoice=open_invoice, by=desk)


def test_a_draft_cannot_be_paid(booking, desk):
    draft = invoices.draft_for(booking)
    payment = payments.receive(draft.unit, paid_by_transfer(1_000), by=desk)
    with pytest.raises(WrongInvoiceState):
        ledger.allocate(payment, draft, by=desk)


def test_a_payment_reversed_leaves_its_invoice_open_again(open_invoice, desk):
    payment = payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=desk)
    payments.reverse(payment, by=desk, reason="ghi nhầm đơn vị")
    assert open_invoice.status is InvoiceStatus.OPEN
    assert open_invoice.paid == Money(0)
    assert open_invoice.paid_at is None
    assert payments.of(open_invoice) == []
    assert ledger.balance(open_invoice.unit) == Money(0)
    with pytest.raises(WrongPaymentState):
        payments.reverse(payment, by=desk, reason="lần nữa")
    # The slip may be entered again, rightly this time.
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=desk)
    assert open_invoice.status is InvoiceStatus.PAID


def test_a_reason_is_asked_for(open_invoice, desk):
    payment = payments.record(open_invoice, paid_by_transfer(1_000), by=desk)
    for deed in (
        lambda: payments.reverse(payment, by=desk, reason=" "),
        lambda: ledger.release(payment.allocations[0], by=desk, reason="x" * 501),
    ):
        with pytest.raises(Invalid):
            deed()


def test_what_is_released_is_balance_and_the_history_stays(open_invoice, desk):
    payment = payments.record(open_invoice, paid_by_transfer(1_000), by=desk)
    (allocation,) = payment.allocations
    ledger.release(allocation, by=desk, reason="trả cho hóa đơn khác")
    assert payment.unspent == Money(1_000)
    assert open_invoice.paid == Money(0)
    assert allocation.released_reason == "trả cho hóa đơn khác"
    with pytest.raises(WrongPaymentState):
        ledger.release(allocation, by=desk, reason="lần nữa")


def test_what_was_paid_and_then_credited_moves_into_the_balance(open_invoice, desk):
    payments.record(open_invoice, paid_by_transfer(1_000, "FT1"), by=desk)
    rest = open_invoice.left.minor
    payments.record(open_invoice, paid_by_transfer(rest, "FT2"), by=desk)
    credit_notes.issue(open_invoice, NewCredit("giảm giá", Money(250_000)), by=desk)
    assert open_invoice.refund_due == Money(250_000)
    moved = ledger.release_surplus(open_invoice, by=desk, reason="trả lại phần giảm")
    assert moved == ledger.balance(open_invoice.unit) == Money(250_000)
    assert not open_invoice.refund_due
    assert open_invoice.status is InvoiceStatus.PAID
    assert sum(one.amount_minor for one in ledger.of_invoice(open_invoice)) == (
        open_invoice.paid_minor
    )


def test_cash_is_receipted_without_gaps(open_invoice, desk):
    for _ in range(2):
        payments.record(open_invoice, NewPayment(PaymentMethod.CASH, Money(5)), by=desk)
    with pytest.raises(Invalid), db.session.begin_nested():
        payments.receive(open_invoice.unit, NewPayment(PaymentMethod.CASH, Money(0)), by=desk)
    payments.receive(open_invoice.unit, NewPayment(PaymentMethod.CASH, Money(6)), by=desk)
    numbers = [one.number for one in db.session.scalars(sa.select(Payment).order_by(Payment.id))]
    assert numbers == [1, 2, 3]


def test_the_database_spends_no_money_twice(open_invoice, desk):
    payment = payments.record(open_invoice, paid_by_transfer(1_000), by=desk)
    for wrong in ("allocated_minor = 1001", "refunded_minor = 1", "reversed_at = now()"):
        with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
            db.session.execute(
                sa.text(f"UPDATE payment SET {wrong} WHERE id = :id"), {"id": payment.id}
            )


@pytest.mark.slow
def test_four_who_use_one_payment_at_once_spend_it_once(
    house: Any, open_invoice: Any, desk: Any
) -> None:
    payment = payments.receive(open_invoice.unit, paid_by_transfer(1_000), by=desk)
    payment_id, invoice_id = payment.id, open_invoice.id
    db.session.commit()

    def once(_number: int) -> bool:
        with house.app_context():
            try:
                with transaction():
                    ledger.allocate(
                        payments.get(payment_id), invoices.get(invoice_id), Money(1_000), by=None
                    )
            except Refusal:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(once, range(4))) == 1
    live = sa.select(sa.func.sum(Allocation.amount_minor)).where(Allocation.released_at.is_(None))
    assert db.session.scalar(live) == 1_000


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["receive", "record", "allocate", "release", "reverse", "credit", "move"]),
        st.integers(1, 4_000_000),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=DEEDS)
def test_whatever_is_done_the_money_adds_up(open_invoice, desk, deeds):
    nested = db.session.begin_nested()
    unit = open_invoice.unit
    for number, (deed, minor) in enumerate(deeds):
        try:
            with db.session.begin_nested():
                _do(deed, minor, number, open_invoice, desk)
        except Refusal:
            continue
        received, allocated, balance = whole(unit)
        assert received == allocated + balance
        live = [one.amount_minor for one in ledger.of_invoice(open_invoice)]
        assert sum(live) == open_invoice.paid_minor == allocated
        is_owed = open_invoice.status is InvoiceStatus.OPEN
        assert is_owed == bool(open_invoice.left)
    nested.rollback()


def _do(deed: str, minor: int, number: int, invoice: Any, desk: Any) -> None:
    new = paid_by_transfer(minor, f"FT{number}")
    known = list(db.session.scalars(sa.select(Payment).where(Payment.reversed_at.is_(None)))) or [
        payments.receive(invoice.unit, new, by=desk)
    ]
    payment = known[minor % len(known)]
    match deed:
        case "receive":
            payments.receive(invoice.unit, new, invoice=invoice, by=desk)
        case "record":
            payments.record(invoice, new, by=desk)
        case "allocate":
            ledger.allocate(payment, invoice, by=desk)
        case "release":
            live = ledger.of_invoice(invoice)
            if live:
                ledger.release(live[minor % len(live)], by=desk, reason="thử")
        case "reverse":
            payments.reverse(payment, by=desk, reason="thử")
        case "credit":
            credit_notes.issue(invoice, NewCredit("thử", Money(minor)), by=desk)
        case _:
            ledger.release_surplus(invoice, by=desk, reason="thử")


def test_money_paid_ahead_on_a_draft_outlives_it(booking: Booking, desk: Member) -> None:
    draft = invoices.draft_for(booking)
    payment = payments.receive(booking.unit, paid_by_transfer(700), invoice=draft, by=desk)
    invoices.discard(draft)
    db.session.expire_all()
    assert payment.invoice_id is None
    assert ledger.balance(booking.unit) == Money(700)
