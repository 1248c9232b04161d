"""Giving up an invoice: one person proposes it with a reason, another one decides."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from billing import invoices
from billing.errors import (
    BadWriteOff,
    DecidedAlready,
    NotByYourself,
    UnknownWriteOff,
    WrongInvoiceState,
)
from billing.models import Invoice, InvoiceStatus, WriteOff, WriteOffStatus
from billing.signals import write_off_decided, write_off_proposed
from config import clock
from config.database import db
from rental import journal
from rental.models import Member

NOT_OPEN = "The invoice is {status}: only an open invoice can be written off; look at it again."


def propose(invoice: Invoice, *, reason: str, by: Member) -> WriteOff:
    """Ask a director to give up what is left of an open invoice.

    Raises BadWriteOff without a reason or where it was proposed already, WrongInvoiceState where
    nothing is owed.
    """
    words = reason.strip()[:500]
    if not words:
        raise BadWriteOff("Say why it cannot be collected; the director reads it.")
    invoice = invoices.lock(invoice)
    if not (invoice.status is InvoiceStatus.OPEN and invoice.left):
        raise WrongInvoiceState(NOT_OPEN, invoice=invoice.id, status=invoice.status)
    if waiting_for(invoice) is not None:
        raise BadWriteOff("It is proposed already; wait for the answer, or take it back first.")
    proposal = WriteOff(
        invoice_id=invoice.id,
        status=WriteOffStatus.PROPOSED,
        reason=words,
        amount_minor=invoice.left.minor,
        currency=invoice.currency,
        proposed_at=clock.now(),
        proposed_by_id=by.id,
    )
    db.session.add(proposal)
    db.session.flush()
    journal.record(invoice, "write_off_proposed", by=by, reason=words, amount=proposal.amount_minor)
    write_off_proposed.send(proposal)
    return proposal


def approve(proposal: WriteOff, *, by: Member, comment: str = "") -> Invoice:
    """Give the invoice up: uncollectible, and a payment that comes after all still settles it.

    What is given up is what is left now. Raises NotByYourself for whoever proposed it,
    DecidedAlready where somebody was quicker, WrongInvoiceState where it was paid meanwhile.
    """
    _require_another(proposal, by)
    invoice = invoices.lock(proposal.invoice)
    if invoice.status is not InvoiceStatus.OPEN:
        raise WrongInvoiceState(NOT_OPEN, invoice=invoice.id, status=invoice.status)
    left = invoice.left.minor
    _decide(proposal, WriteOffStatus.APPROVED, by, comment)
    proposal.amount_minor = left
    invoices.write_off(invoice, by=by, reason=proposal.reason)
    write_off_decided.send(proposal)
    return invoice


def refuse(proposal: WriteOff, *, by: Member, comment: str) -> None:
    """Go on collecting, for a reason; raises as `approve` does, BadWriteOff without a reason."""
    _require_another(proposal, by)
    if not comment.strip():
        raise BadWriteOff("Say why it is collected further; finance reads it.")
    invoice = invoices.lock(proposal.invoice)
    _decide(proposal, WriteOffStatus.REFUSED, by, comment)
    journal.record(invoice, "write_off_refused", by=by, reason=proposal.comment)
    write_off_decided.send(proposal)


def withdraw(proposal: WriteOff, *, by: Member) -> None:
    """Take a proposal back; raises DecidedAlready."""
    invoice = invoices.lock(proposal.invoice)
    _decide(proposal, WriteOffStatus.WITHDRAWN, by, "")
    journal.record(invoice, "write_off_withdrawn", by=by)


def _require_another(proposal: WriteOff, by: Member) -> None:
    if proposal.proposed_by_id == by.id:
        raise NotByYourself


def _decide(proposal: WriteOff, status: WriteOffStatus, by: Member, comment: str) -> None:
    """A conditional update settles who was first."""
    decided = db.session.scalar(
        sa.update(WriteOff)
        .where(WriteOff.id == proposal.id, WriteOff.status == WriteOffStatus.PROPOSED)
        .values(
            status=status,
            decided_by_id=by.id,
            decided_at=clock.now(),
            comment=comment.strip()[:500] or None,
        )
        .returning(WriteOff.id)
        .execution_options(synchronize_session=False)
    )
    if decided is None:
        raise DecidedAlready
    db.session.refresh(proposal)


def get(proposal_id: int) -> WriteOff:
    """The proposal of this number; raises UnknownWriteOff."""
    proposal = db.session.get(WriteOff, proposal_id)
    if proposal is None:
        raise UnknownWriteOff
    return proposal


def waiting_for(invoice: Invoice) -> WriteOff | None:
    """The proposal about an invoice that waits for its answer."""
    return db.session.scalar(
        sa.select(WriteOff).where(
            WriteOff.invoice_id == invoice.id, WriteOff.status == WriteOffStatus.PROPOSED
        )
    )


def of(invoice: Invoice) -> list[WriteOff]:
    """What was proposed about an invoice, oldest first."""
    return list(
        db.session.scalars(
            sa.select(WriteOff).where(WriteOff.invoice_id == invoice.id).order_by(WriteOff.id)
        )
    )


def waiting(limit: int = 200) -> list[WriteOff]:
    """What waits for a decision, oldest first; what was paid meanwhile needs none."""
    return list(
        db.session.scalars(
            _waiting(sa.select(WriteOff))
            .options(
                joinedload(WriteOff.invoice).joinedload(Invoice.unit),
                joinedload(WriteOff.proposed_by),
            )
            .order_by(WriteOff.id)
            .limit(limit)
        )
    )


def count_waiting() -> int:
    """How many wait for a decision."""
    return db.session.scalar(_waiting(sa.select(sa.func.count(WriteOff.id)))) or 0


def decided(limit: int = 50) -> list[WriteOff]:
    """What was decided lately, newest first."""
    return list(
        db.session.scalars(
            sa.select(WriteOff)
            .where(WriteOff.status != WriteOffStatus.PROPOSED)
            .options(
                joinedload(WriteOff.invoice).joinedload(Invoice.unit),
                joinedload(WriteOff.proposed_by),
                joinedload(WriteOff.decided_by),
            )
            .order_by(WriteOff.decided_at.desc(), WriteOff.id.desc())
            .limit(limit)
        )
    )


def _waiting(query: sa.Select[tuple[WriteOff]]) -> sa.Select[tuple[WriteOff]]:
    return query.join(Invoice, Invoice.id == WriteOff.invoice_id).where(
        WriteOff.status == WriteOffStatus.PROPOSED, Invoice.status == InvoiceStatus.OPEN
    )
