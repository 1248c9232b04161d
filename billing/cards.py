"""What the floor asks of the card company, as values; and the bounds of a card payment.

`billing.stripe_gateway` is the one that speaks to Stripe; services take a `Gateway` as an argument.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from billing.money import Money
from config import documents

FILE = documents.HOME / "billing" / "cards.yml"


class CardBounds(BaseModel):
    """`config/billing/cards.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Minor units of one charge.
    minimum: int = Field(gt=0)
    maximum: int = Field(gt=0, le=99_999_999_999)
    source: str
    # How long the page of the card company waits for its payer.
    session_minutes: int = Field(default=60, ge=30, le=1440)

    def fits(self, amount: Money) -> bool:
        """Whether one charge may be as large."""
        return self.minimum <= amount.minor <= self.maximum


@dataclass(frozen=True, slots=True)
class NewSession:
    """What the card company's page is to take, and where it sends its payer back to."""

    key: str
    amount: Money
    words: str
    # Our own ids: what comes back with every event.
    checkout_id: int
    invoice: str
    email: str | None
    back: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A page that waits for its payer."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund as it stands there: `status` is requested, succeeded or failed."""

    id: str
    amount: int
    status: str
    # The id of our own row, where we asked for it.
    refund_id: int | None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class SeenDispute:
    """A dispute as it stands there: `status` is open, won or lost."""

    id: str
    amount: int
    status: str
    reason: str
    due_by: datetime | None


@dataclass(frozen=True, slots=True)
class SeenPayment:
    """A payment as it stands there, with all that was refunded and disputed of it."""

    intent: str
    amount: int
    currency: str
    is_paid: bool
    paid_at: datetime
    checkout_id: int | None
    refunds: tuple[SeenRefund, ...] = ()
    disputes: tuple[SeenDispute, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """An event whose signature is right; `intent` is the payment it speaks of, where it does."""

    id: str
    kind: str
    object_id: str
    intent: str | None
    # The session it speaks of, where it does.
    session: str | None
    happened_at: datetime


class Gateway(Protocol):
    """The card company. Each call raises CardsUnreachable, or CardsRefused with its words."""

    def open(self, new: NewSession) -> Session:
        """Make the page; the same key gives the same page."""

    def payment(self, intent: str) -> SeenPayment:
        """The payment as it stands now."""

    def refund(self, intent: str, amount: int, refund_id: int) -> SeenRefund:
        """Give back; asked again for the same row it gives back once."""

    def told(self, payload: bytes, signature: str) -> Told:
        """The event; raises BadSignature for a wrong, stale or missing signature."""


@cache
def bounds() -> CardBounds:
    """The bounds, read once; `bounds.cache_clear()` reads them anew."""
    return documents.read(FILE, CardBounds)
