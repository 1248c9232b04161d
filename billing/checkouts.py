"""Paying an invoice by card: a row first, then the card company's page, then what it tells."""

from datetime import timedelta

import sqlalchemy as sa

from billing import cards, invoices
from billing.cards import Gateway, NewSession, Session
from billing.errors import CardAmount, WrongInvoiceState
from billing.models import Checkout, CheckoutStatus, Invoice
from billing.money import Money
from config import clock
from config.database import db
from rental import journal
from rental.models import Member

# A page with less time left than this is not offered again.
SPARE = timedelta(minutes=5)


def prepare(invoice: Invoice, amount: Money | None, *, by: Member | None) -> Checkout:
    """A session for what is left, or for a part of it: the open one if it asks for the same.

    Nothing is asked of the card company yet; commit before `begin`. Raises WrongInvoiceState where
    nothing is owed, CardAmount where the amount is more than is open or fits no card payment.
    """
    invoice = invoices.lock(invoice)
    if not invoice.is_owed:
        raise WrongInvoiceState(
            "The invoice is {status}: nothing is to be paid on it; look at it again.",
            invoice=invoice.id,
            status=invoice.status,
        )
    wanted = invoice.left if amount is None else amount
    _require_fitting(invoice, wanted)
    found = _open(invoice, wanted)
    if found is not None:
        return found
    checkout = Checkout(
        invoice_id=invoice.id,
        amount_minor=wanted.minor,
        currency=wanted.currency,
        begun_by_id=by.id if by else None,
    )
    db.session.add(checkout)
    db.session.flush()
    journal.record(invoice, "card payment begun", by=by, amount=wanted.minor)
    return checkout


def get(checkout_id: int) -> Checkout:
    """The attempt with this id, which is there."""
    return db.session.get_one(Checkout, checkout_id)


def begin(checkout: Checkout, gateway: Gateway, *, back: str, email: str | None) -> Session:
    """Ask the card company for the page; the row's id makes that it is made once."""
    invoice = checkout.invoice
    lasts = timedelta(minutes=cards.bounds().session_minutes)
    return gateway.open(
        NewSession(
            key=f"media-center-checkout-{checkout.id}-{invoice.reference}",
            amount=checkout.amount,
            words=f"{invoice.display_number} · {invoice.reference}",
            checkout_id=checkout.id,
            invoice=invoice.reference,
            email=email,
            back=back,
            expires_at=checkout.begun_at + lasts,
        )
    )


def opened(checkout_id: int, session: Session) -> Checkout:
    """Keep where the page is."""
    checkout = db.session.get_one(Checkout, checkout_id, with_for_update=True)
    if checkout.status is CheckoutStatus.BEGUN:
        checkout.stripe_id, checkout.url = session.id, session.url
        checkout.expires_at = session.expires_at
        checkout.status = CheckoutStatus.OPEN
        db.session.flush()
    return checkout


def of(invoice: Invoice) -> list[Checkout]:
    """The attempts to pay an invoice by card, newest first."""
    return list(
        db.session.scalars(
            sa.select(Checkout)
            .where(Checkout.invoice_id == invoice.id)
            .order_by(Checkout.id.desc())
        )
    )


def _open(invoice: Invoice, wanted: Money) -> Checkout | None:
    return db.session.scalar(
        sa.select(Checkout)
        .where(
            Checkout.invoice_id == invoice.id,
            Checkout.status == CheckoutStatus.OPEN,
            Checkout.amount_minor == wanted.minor,
            Checkout.expires_at > clock.now() + SPARE,
        )
        .order_by(Checkout.id.desc())
        .limit(1)
    )


def _require_fitting(invoice: Invoice, wanted: Money) -> None:
    bounds = cards.bounds()
    if invoice.left < wanted or wanted.minor <= 0:
        raise CardAmount(
            "{open} is open on the invoice, so {amount} cannot be paid on it; take {open} at most.",
            words={"open": invoice.left.text(), "amount": wanted.text()},
        )
    if wanted.minor > bounds.maximum:
        raise CardAmount(
            "A card pays {most} at most at once, and this is {amount}: pay by transfer or VietQR, "
            "or by card in parts.",
            words={"most": Money(bounds.maximum).text(), "amount": wanted.text()},
        )
    if wanted.minor < bounds.minimum:
        raise CardAmount(
            "A card pays {least} at least, and this is {amount}: pay by transfer or VietQR.",
            words={"least": Money(bounds.minimum).text(), "amount": wanted.text()},
        )
