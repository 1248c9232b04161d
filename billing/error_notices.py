"""Form 04/SS: the buyer's name or address on an issued invoice was wrong; the invoice stands."""

import unicodedata

import sqlalchemy as sa

from billing import invoices, numbering, snapshots
from billing.errors import BadCorrection, ErrorNoticeNotFound, WrongInvoiceState
from billing.models import ErrorNotice, Invoice, InvoiceStatus, NoticeField
from config import clock
from config.database import db
from rental import journal
from rental.models import Member

NOTIFIABLE = frozenset({InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.UNCOLLECTIBLE})
LONGEST = 500


def issue(
    invoice: Invoice, field: NoticeField, correct: str, reason: str, *, by: Member | None
) -> ErrorNotice:
    """Notify what the buyer's name or address should have been, under a number of its own.

    Raises BadCorrection for nothing, or what stands there already; WrongInvoiceState for an invoice
    that does not stand.
    """
    invoice = invoices.lock(invoice)
    if invoice.status not in NOTIFIABLE or invoice.snapshot is None:
        raise WrongInvoiceState(
            "The invoice is {status}: only one that stands is corrected; look at it again.",
            invoice=invoice.id,
            status=invoice.status,
        )
    wrong = stands(invoice, field)
    value, why = _checked(correct, reason, wrong)
    today = clock.today()
    numbered = numbering.take("error_notice", today.year)
    notice = ErrorNotice(
        invoice=invoice,
        symbol=numbered.symbol,
        year=numbered.year,
        number=numbered.number,
        field=field,
        wrong=wrong or "–",
        correct=value,
        reason=why,
        noticed_on=today,
        issued_by_id=by.id if by else None,
    )
    notice.snapshot = snapshots.of_error_notice(notice)
    db.session.add(notice)
    db.session.flush()
    journal.record(invoice, "notified of an error", by=by, number=notice.display_number, reason=why)
    return notice


def _checked(correct: str, reason: str, wrong: str) -> tuple[str, str]:
    """Value and reason with single spaces and composed accents."""
    value, why = (" ".join(unicodedata.normalize("NFC", t).split()) for t in (correct, reason))
    if not value or len(value) > LONGEST:
        raise BadCorrection("Write what it should be, in 500 characters at most.")
    if not why or len(why) > LONGEST:
        raise BadCorrection("Say why the invoice is corrected, in 500 characters at most.")
    if value == wrong:
        raise BadCorrection("That is what stands there already; there is nothing to notify.")
    return value, why


def stands(invoice: Invoice, field: NoticeField) -> str:
    """What an invoice says of the buyer, as the last notice put it right."""
    earlier = [one for one in of(invoice) if one.field is field]
    if earlier:
        return earlier[-1].correct
    buyer = (invoice.snapshot or {}).get("buyer", {})
    return str(buyer.get(field.value) or "")


def of(invoice: Invoice) -> list[ErrorNotice]:
    """The notices about an invoice, oldest first."""
    return list(
        db.session.scalars(
            sa.select(ErrorNotice)
            .where(ErrorNotice.invoice_id == invoice.id)
            .order_by(ErrorNotice.id)
        )
    )


def get(notice_id: int) -> ErrorNotice:
    """The notice; raises ErrorNoticeNotFound."""
    notice = db.session.get(ErrorNotice, notice_id)
    if notice is None:
        raise ErrorNoticeNotFound
    return notice
