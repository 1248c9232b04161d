"""Whatever is done in whatever order, the books reconcile to the đồng."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import (
    bookkeeping,
    closing,
    corrections,
    credit_notes,
    invoices,
    ledger,
    payments,
    reconciling,
)
from billing import refunds as refunding
from billing.corrections import Grounds, LineAmount
from billing.credit_notes import NewCredit
from billing.models import Allocation, Invoice, Payment, PaymentMethod, Refund
from billing.money import Money
from billing.payments import NewPayment
from billing.refunds import NewRefund
from config import clock
from config.database import db
from config.errors import Refusal
from rental import bookings
from rental.models import Booking, Member
from tests import build
from tests.billing.steps import asked, interrupt

pytestmark = pytest.mark.usefixtures("house")

DEEDS = (
    "charge", "draft", "discard", "issue", "void", "write off", "cancel", "interrupt",
    "credit", "receive", "pay", "reverse", "release", "allocate", "refund", "settle", "drop",
    "adjust", "replace", "replace",
)  # fmt: skip
STEP = st.tuples(st.sampled_from(DEEDS), st.integers(0, 7), st.integers(1, 2_000_000))


class _Books:
    """One unit's bookings, and every deed on the number-th of what there is."""

    def __init__(self, desk: Member):
        self.desk, self.deeds = desk, 0
        self.bookings: list[Booking] = []

    def one(self, model: Any, number: int) -> Any:
        rows = db.session.scalars(sa.select(model).order_by(model.id)).all()
        if not rows:
            raise Refusal("There is none yet.")
        return rows[number % len(rows)]

    def booking(self, number: int) -> Booking:
        if not self.bookings:
            self.charge(0, 0)
        return self.bookings[number % len(self.bookings)]

    def charge(self, number: int, _amount: int) -> None:
        booking = asked("CAM", hours=1 + number)
        bookings.confirm(booking, by=self.desk)
        self.bookings.append(booking)

    def draft(self, number: int, _amount: int) -> None:
        invoices.draft_for(self.booking(number))

    def discard(self, number: int, _amount: int) -> None:
        invoices.discard(self.one(Invoice, number))

    def issue(self, number: int, _amount: int) -> None:
        invoices.issue(self.one(Invoice, number), by=self.desk)

    def void(self, number: int, _amount: int) -> None:
        invoices.void(self.one(Invoice, number), by=self.desk, reason="nhầm")

    def write_off(self, number: int, _amount: int) -> None:
        invoices.write_off(self.one(Invoice, number), by=self.desk, reason="không thu được")

    def cancel(self, number: int, _amount: int) -> None:
        bookings.cancel(self.booking(number), by=self.desk, reason="hoãn")

    def interrupt(self, number: int, amount: int) -> None:
        interrupt(self.booking(number), 0, amount % 50, amount % 50 + 9)

    def credit(self, number: int, amount: int) -> None:
        credit_notes.issue(self.one(Invoice, number), NewCredit("giảm", Money(amount)), by=None)

    def _slip(self, amount: int) -> NewPayment:
        self.deeds += 1
        return NewPayment(PaymentMethod.TRANSFER, Money(amount), f"FT{self.deeds}")

    def receive(self, number: int, amount: int) -> None:
        invoice = self.one(Invoice, number)
        payments.receive(invoice.unit, self._slip(amount), invoice=invoice, by=self.desk)

    def pay(self, number: int, amount: int) -> None:
        payments.record(self.one(Invoice, number), self._slip(amount), by=self.desk)

    def reverse(self, number: int, _amount: int) -> None:
        payments.reverse(self.one(Payment, number), by=self.desk, reason="nhầm")

    def release(self, number: int, _amount: int) -> None:
        ledger.release(self.one(Allocation, number), by=self.desk, reason="nhầm hóa đơn")

    def allocate(self, number: int, _amount: int) -> None:
        ledger.use_balance(self.one(Invoice, number), by=self.desk)

    def refund(self, number: int, amount: int) -> None:
        refunding.request(self.one(Payment, number), NewRefund(Money(amount), "thừa"), by=self.desk)

    def settle(self, number: int, _amount: int) -> None:
        refunding.settle(self.one(Refund, number), "UNC1", by=self.desk)

    def adjust(self, number: int, amount: int) -> None:
        invoice = self.one(Invoice, number)
        lines = [LineAmount(line.id, amount - 500_000) for line in invoice.lines]
        corrections.adjust(invoice, Grounds("ghi thiếu"), lines, by=self.desk)

    def replace(self, number: int, amount: int) -> None:
        invoice = self.one(Invoice, number)
        lines = [LineAmount(line.id, amount) for line in invoice.lines if (amount + line.id) % 2]
        corrections.replace(invoice, Grounds("sai số tiền"), lines, by=self.desk)

    def drop(self, number: int, _amount: int) -> None:
        refunding.drop(self.one(Refund, number), by=self.desk, reason="thôi")


def _do(deed: Callable[[int, int], None], number: int, amount: int) -> None:
    """Do it or have it refused; what is refused has written nothing."""
    try:
        with db.session.begin_nested():
            deed(number, amount)
    except Refusal:
        db.session.expire_all()


def _owed(one: Invoice) -> int:
    """What is left of an invoice and was not given up."""
    left = one.total_minor - one.paid_minor - one.credited_minor
    return left - min(max(left, 0), one.written_off_minor or 0)


@given(st.lists(STEP, min_size=4, max_size=22))
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_order_of_deeds_keeps_the_books_to_the_dong(steps: list[tuple[str, int, int]]) -> None:
    db.session.rollback()
    books = _Books(build.desk())
    build.equipment(code="CAM", name="Máy quay", tariff="camera", stock=1000)
    db.session.flush()
    for name, number, amount in steps:
        _do(getattr(books, name.replace(" ", "_")), number, amount)
    assert [one.sentence for one in reconciling.differences()] == []
    assert reconciling.sums().meet
    found = bookkeeping.entries(closing.month_of(clock.today()), bookkeeping.accounts())
    assert all(entry.balances for entry in found)
    owed = sum(
        posting.minor
        for entry in found
        for posting in entry.postings
        if posting.account.startswith("131:")
    )
    live = db.session.scalars(sa.select(Invoice).where(Invoice.tax_date.is_not(None))).all()
    left = sum(_owed(one) for one in live if one.status.value != "void")
    settled = db.session.scalar(
        sa.select(sa.func.sum(Refund.amount_minor)).where(Refund.status == "succeeded")
    )
    asked_for = reconciling.sums().refunded - int(settled or 0)
    assert owed == left - reconciling.sums().balances - asked_for
    db.session.rollback()
