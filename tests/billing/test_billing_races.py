"""Several people and processes over the same invoices."""

import threading
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from billing import (
    invoices,
    numbering,
    payments,
)
from billing.errors import (
    NothingToInvoice,
    PaymentRepeated,
    WrongInvoiceState,
)
from billing.models import Charge, Payment
from config.database import db, transaction
from config.errors import Conflict
from rental import bookings
from rental.models import Booking, Member
from tests.billing.steps import interrupt, paid_by_transfer

pytestmark = pytest.mark.usefixtures("house")


class RolledBackError(Exception):
    """The transaction failed after its number was taken."""


@pytest.mark.slow
def test_eight_issuers_and_ten_per_cent_rolled_back_leave_no_gap(house: Any) -> None:
    kept: list[int] = []
    lock = threading.Lock()

    def issue_many(seed: int) -> None:
        chance = Random(seed)
        with house.app_context():
            for _ in range(40):
                try:
                    with transaction():
                        number = numbering.take("invoice", 2026).number
                        if chance.random() < 0.1:
                            raise RolledBackError
                except RolledBackError:
                    continue
                with lock:
                    kept.append(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(issue_many, range(8)))
    assert sorted(kept) == list(range(1, len(kept) + 1))
    assert 200 < len(kept) < 320
    assert numbering.last("invoice", 2026) == len(kept)


@pytest.mark.slow
def test_eight_clerks_recording_the_same_slip_record_it_once(open_invoice: Any, house: Any) -> None:
    db.session.commit()
    invoice_id, total = open_invoice.id, open_invoice.total_minor

    def pay(number: int) -> str:
        with house.app_context():
            try:
                with transaction():
                    payments.record(invoices.get(invoice_id), paid_by_transfer(total // 2), by=None)
            except PaymentRepeated:
                return "repeated"
            return "recorded"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(pay, range(8)))
    assert sorted(answers) == ["recorded"] + ["repeated"] * 7
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 1


@pytest.mark.slow
def test_eight_clerks_invoicing_one_booking_make_one_invoice(booking: Booking, house: Any) -> None:
    db.session.commit()
    booking_id = booking.id

    def invoice(number: int) -> str:
        with house.app_context():
            try:
                with transaction():
                    draft = invoices.draft_for(db.session.get_one(Booking, booking_id))
                    invoices.issue(draft, by=None)
            except (NothingToInvoice, WrongInvoiceState):
                return "refused"
            return "issued"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(invoice, range(8)))
    assert sorted(answers) == ["issued"] + ["refused"] * 7
    assert [one.number for one in invoices.recent()] == [1]


@pytest.mark.slow
def test_whatever_happens_at_once_every_charge_is_invoiced_reversed_or_waiting(
    booking: Booking, desk: Member, house: Any
) -> None:
    """Issue, cancel and interruption race over one booking: no deadlock, nothing lost."""
    db.session.commit()
    booking_id, desk_id = booking.id, desk.id

    def attempt(number: int) -> None:
        with house.app_context():
            row = db.session.get_one(Booking, booking_id)
            try:
                with transaction():
                    if number == 0:
                        bookings.cancel(row, by=db.session.get_one(Member, desk_id), reason="hoãn")
                    elif number % 2:
                        invoices.issue(invoices.draft_for(row), by=None)
                    else:
                        interrupt(row, 0, number * 10, number * 10 + 9)
            except Conflict:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(8)))
    db.session.expire_all()
    for charge in db.session.scalars(sa.select(Charge)):
        assert not (charge.reversed_at and charge.invoice_id)
    for one in invoices.recent():
        taken = [line.charge_id for line in one.lines]
        assert len(taken) == len(set(taken))
        assert one.total_minor == sum(line.total.minor for line in one.lines)
