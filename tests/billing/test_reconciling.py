"""Everything reconciles to the đồng, and what does not is named by its id."""

from typing import Any

import pytest
import sqlalchemy as sa

from billing import credit_notes, invoices, payments, reconciling
from billing.credit_notes import NewCredit
from billing.models import Invoice
from billing.money import Money
from config.database import db
from rental import bookings
from rental.models import Booking, Member
from tests.billing.steps import asked, paid_by_transfer

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def books(booking: Booking, open_invoice: Any, desk: Member) -> Invoice:
    """An invoice partly paid and credited, a draft, and a payment in balance."""
    payments.receive(booking.unit, paid_by_transfer(500), invoice=open_invoice, by=desk)
    payments.receive(booking.unit, paid_by_transfer(700, "FT2"), by=desk)
    credit_notes.issue(open_invoice, NewCredit("giảm giá", Money(1000)), by=desk)
    other = asked("CAM")
    bookings.confirm(other, by=desk)
    invoices.draft_for(other)
    later = asked("CAM", hours=2)
    bookings.confirm(later, by=desk)
    return open_invoice


def test_honest_books_reconcile(books: Invoice) -> None:
    assert reconciling.differences() == []
    sums = reconciling.sums()
    assert sums.meet
    assert (sums.received, sums.allocated, sums.balances) == (1200, 500, 700)
    assert sums.unbilled > 0
    invoices.void(invoices.issue(invoices.recent()[0], by=None), by=None, reason="nhầm")
    assert reconciling.differences() == []


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE invoice SET paid_minor = paid_minor + 1 WHERE id = {id}",
         "invoice {id}: 501 counts as paid and allocations add up to 500"),
        ("UPDATE invoice SET credited_minor = credited_minor + 1 WHERE id = {id}",
         "invoice {id}: 1001 counts as credited and credit notes add up to 1000"),
        (("UPDATE invoice SET total_minor = total_minor + 1, vat_minor = vat_minor + 1"
         " WHERE id = {id}"), "invoice {id}: its total is"),
        ("UPDATE invoice SET snapshot = jsonb_set(snapshot, '{{total}}', '7') WHERE id = {id}",
         "invoice {id}: its snapshot says 7"),
        ("UPDATE credit_note SET total_minor = total_minor + 1, vat_minor = vat_minor + 1",
         "counts as credited and credit notes add up to 1001"),
        ("DELETE FROM credit_note_line", "its lines add up to 0"),
        ("UPDATE invoice_line SET credited_minor = 0 WHERE invoice_id = {id}", "invoice line"),
        ("UPDATE payment SET allocated_minor = 400 WHERE allocated_minor > 0",
         "400 counts as allocated and allocations add up to 500"),
        ("UPDATE payment SET refunded_minor = 100 WHERE allocated_minor = 0",
         "100 counts as refunded and refunds add up to 0"),
        ("DELETE FROM allocation", "counts as allocated and allocations add up to 0"),
        ("UPDATE charge SET amount_minor = amount_minor + 1 WHERE invoice_id = {id}",
         "is invoiced and"),
        ("DELETE FROM invoice_line WHERE invoice_id = {id} AND position = 1",
         "0 lines of its invoice hold it, not 1"),
        ("UPDATE charge SET invoice_id = NULL WHERE invoice_id = {id}",
         "invoice {id} holds a line for it that is not void"),
        ("UPDATE number_counter SET last = last + 1", "the counter stands at 2"),
        ("UPDATE invoice SET number = 2 WHERE id = {id}", "the highest is 2"),
        ("UPDATE invoice SET status = 'void' WHERE id = {id}", "void invoice {id} still holds it"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_named(books: Invoice, damage: str, named: str) -> None:
    db.session.flush()
    # The owner of the database can put every guard to sleep; the books still tell.
    db.session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    db.session.execute(
        sa.text("ALTER TABLE invoice DROP CONSTRAINT IF EXISTS ck_invoice_void_is_unpaid")
    )
    db.session.execute(sa.text(damage.format(id=books.id)))
    found = " | ".join(one.sentence for one in reconciling.differences())
    assert named.format(id=books.id) in found
