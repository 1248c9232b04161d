"""What is taken off an issued invoice."""

from typing import Any

import pytest

from billing import (
    credit_notes,
    numbering,
    payments,
)
from billing.credit_notes import LineCredit, NewCredit
from billing.errors import (
    OverCredit,
)
from billing.models import InvoiceStatus
from billing.money import Money
from config.errors import Invalid
from rental.models import Member
from tests.billing.steps import paid_by_transfer

pytestmark = pytest.mark.usefixtures("house")


def test_a_credit_note_has_its_own_number_and_shares_the_tax(
    open_invoice: Any, desk: Member
) -> None:
    note = credit_notes.issue(open_invoice, NewCredit("giảm giá", Money(1_000_001)), by=desk)
    assert note.number == 1
    assert note.symbol != open_invoice.symbol
    assert note.total == Money(1_000_001)
    assert open_invoice.left == open_invoice.total - Money(1_000_001)
    rest = credit_notes.issue(open_invoice, NewCredit("hủy"), by=desk)
    assert rest.number == 2
    assert (note.net + rest.net, note.vat + rest.vat) == (open_invoice.net, open_invoice.vat)
    assert open_invoice.status is InvoiceStatus.PAID
    assert all(line.left == Money(0) for line in open_invoice.lines)
    with pytest.raises(OverCredit, match="Nothing is left"):
        credit_notes.issue(open_invoice, NewCredit("hủy"), by=desk)


def test_no_more_is_credited_than_is_left(open_invoice: Any, desk: Member) -> None:
    line = open_invoice.lines[1]
    with pytest.raises(OverCredit):
        credit_notes.issue(
            open_invoice, NewCredit("x", lines=[LineCredit(line.id, Money(1_296_001))]), by=desk
        )
    credit_notes.issue(
        open_invoice, NewCredit("x", lines=[LineCredit(line.id, Money(1_296_000))]), by=desk
    )
    with pytest.raises(OverCredit):
        credit_notes.issue(open_invoice, NewCredit("x", Money(9_000_001)), by=desk)
    assert credit_notes.creditable(open_invoice) == Money(9_000_000)


def test_a_credit_after_payment_is_owed_back(open_invoice: Any, desk: Member) -> None:
    payments.record(open_invoice, paid_by_transfer(open_invoice.total_minor), by=desk)
    credit_notes.issue(open_invoice, NewCredit("mất điện", Money(500_000)), by=desk)
    assert open_invoice.refund_due == Money(500_000)


@pytest.mark.parametrize(
    "new",
    [
        NewCredit("", Money(1)),
        NewCredit("x", Money(0)),
        NewCredit("x", Money(-1)),
        NewCredit("x", lines=[LineCredit(999_999, Money(1))]),
        NewCredit("x", Money(1), [LineCredit(1, Money(1))]),
    ],
)
def test_a_credit_without_reason_amount_or_line_is_refused(
    open_invoice: Any, desk: Member, new: NewCredit
) -> None:
    with pytest.raises(Invalid):
        credit_notes.issue(open_invoice, new, by=desk)
    assert numbering.last("credit_note", open_invoice.year) == 0
