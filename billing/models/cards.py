"""Payment by card: sessions begun at Stripe, what Stripe told, and disputes."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.invoices import Invoice
from billing.models.payments import Payment
from billing.money import Money
from config.clock import now
from config.database import Base
from rental.models import Member


class CheckoutStatus(StrEnum):
    """Where a card session stands: written, open at Stripe, or ended one way or the other."""

    BEGUN = "begun"
    OPEN = "open"
    COMPLETED = "completed"
    EXPIRED = "expired"


class Checkout(Base):
    """One attempt to pay an amount of an invoice by card. Its id makes the idempotency key."""

    __tablename__ = "checkout"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="above_zero"),
        CheckConstraint("status = 'begun' OR stripe_id IS NOT NULL", name="known_at_stripe"),
        Index("ix_checkout_open", "invoice_id", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="VND")
    status: Mapped[CheckoutStatus] = mapped_column(default=CheckoutStatus.BEGUN)
    stripe_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    # The PaymentIntent: known once somebody pays.
    intent: Mapped[str | None] = mapped_column(String(255), unique=True)
    url: Mapped[str | None] = mapped_column(String(2000))
    begun_at: Mapped[datetime] = mapped_column(default=now)
    begun_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    expires_at: Mapped[datetime | None]

    invoice: Mapped[Invoice] = relationship()
    begun_by: Mapped[Member | None] = relationship()

    @property
    def amount(self) -> Money:
        """What is to be paid with it."""
        return Money(self.amount_minor, self.currency)


class CardEventOutcome(StrEnum):
    """What an event of Stripe led to."""

    APPLIED = "applied"
    # Of no concern here.
    IGNORED = "ignored"
    # Money that belongs to no session of ours: finance looks at it.
    UNMATCHED = "unmatched"


class CardEvent(Base):
    """An event of Stripe, kept for ever: its id makes that it counts once."""

    __tablename__ = "card_event"
    __table_args__ = (
        Index(
            "ix_card_event_unmatched", "received_at", postgresql_where=text("outcome = 'unmatched'")
        ),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    kind: Mapped[str] = mapped_column(String(100))
    object_id: Mapped[str] = mapped_column(String(255))
    intent: Mapped[str | None] = mapped_column(String(255), index=True)
    outcome: Mapped[CardEventOutcome]
    # When Stripe says it happened, and when we heard of it.
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=now)


class DisputeStatus(StrEnum):
    """Where a dispute stands; what has ended does not open again."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Dispute(Base):
    """A payer asks its bank to take a card payment back."""

    __tablename__ = "dispute"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="above_zero"),
        CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed_when_it_ended"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    stripe_id: Mapped[str] = mapped_column(String(255), unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[DisputeStatus] = mapped_column(default=DisputeStatus.OPEN)
    # Stripe's word: fraudulent, product_not_received …
    reason: Mapped[str] = mapped_column(String(100))
    # By when evidence is to be sent.
    due_by: Mapped[datetime | None]
    opened_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]

    payment: Mapped[Payment] = relationship()

    @property
    def amount(self) -> Money:
        """What is disputed."""
        return Money(self.amount_minor, self.payment.currency)
