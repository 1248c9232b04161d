"""The only module that speaks to Stripe: sessions, payments, refunds and events as our values."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.cards import NewSession, SeenDispute, SeenPayment, SeenRefund, Session, Told
from billing.errors import BadEvent, BadSignature, CardsRefused, CardsUnreachable

SECONDS = 10
RETRIES = 2
# Stripe refuses what is older; its clock and ours may differ a little.
TOLERANCE = 300
MOST = 100
REFUNDS = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}
DISPUTES = {"won": "won", "lost": "lost", "warning_closed": "won", "prevented": "won"}


class StripeGateway:
    """Stripe with one secret key; `api` points elsewhere for tests."""

    def __init__(self, key: str, webhook_secret: str, api: str | None = None) -> None:
        """Keep the keys; nothing is asked yet."""
        self._secret = webhook_secret
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": api} if api else None,
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=SECONDS),
        )

    def open(self, new: NewSession) -> Session:
        """A Checkout page for one amount."""
        ours = {"checkout": str(new.checkout_id), "invoice": new.invoice}
        params: dict[str, Any] = {
            "mode": "payment",
            "client_reference_id": new.invoice,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": new.amount.currency.lower(),
                        "unit_amount": new.amount.minor,
                        "product_data": {"name": new.words},
                    },
                }
            ],
            "metadata": ours,
            "payment_intent_data": {"metadata": ours},
            "success_url": f"{new.back}?card=done",
            "cancel_url": f"{new.back}?card=left",
            "expires_at": int(new.expires_at.timestamp()),
        }
        if new.email:
            params["customer_email"] = new.email
        with _asked():
            made = self._client.v1.checkout.sessions.create(
                params=params,  # type: ignore[arg-type]
                options={"idempotency_key": new.key},
            )
        return Session(made.id, made.url or "", _instant(made.expires_at))

    def payment(self, intent: str) -> SeenPayment:
        """The PaymentIntent with its refunds and disputes."""
        with _asked():
            found = self._client.v1.payment_intents.retrieve(intent)
            refunds = self._client.v1.refunds.list(params={"payment_intent": intent, "limit": MOST})
            disputes = self._client.v1.disputes.list(
                params={"payment_intent": intent, "limit": MOST}
            )
        metadata = found.to_dict().get("metadata")
        return SeenPayment(
            intent=found.id,
            amount=found.amount_received,
            currency=found.currency.upper(),
            is_paid=found.status == "succeeded",
            paid_at=_instant(found.created),
            checkout_id=_number(metadata, "checkout"),
            refunds=tuple(_refund(one.to_dict()) for one in refunds.data),
            disputes=tuple(_dispute(one.to_dict()) for one in disputes.data),
        )

    def refund(self, intent: str, amount: int, refund_id: int) -> SeenRefund:
        """A refund of a part; the key is the row's, so that a repeat gives it once."""
        with _asked():
            made = self._client.v1.refunds.create(
                params={
                    "payment_intent": intent,
                    "amount": amount,
                    "metadata": {"refund": str(refund_id)},
                },
                options={"idempotency_key": f"media-center-refund-{refund_id}"},
            )
        return _refund(made.to_dict())

    def told(self, payload: bytes, signature: str) -> Told:
        """The event of a webhook; the signature is that of the raw body."""
        try:
            event = self._client.construct_event(payload, signature, self._secret, TOLERANCE)
        except stripe.SignatureVerificationError as wrong:
            raise BadSignature from wrong
        except (ValueError, AttributeError, KeyError, TypeError) as wrong:
            raise BadEvent from wrong
        try:
            about = event.data.object.to_dict()
            return Told(
                id=str(event.id)[:255],
                kind=str(event.type)[:100],
                object_id=str(about.get("id", ""))[:255],
                intent=_intent(about),
                session=about["id"] if about.get("object") == "checkout.session" else None,
                happened_at=_instant(event.created),
            )
        except (AttributeError, KeyError, TypeError) as wrong:
            raise BadEvent from wrong


@contextmanager
def _asked() -> Iterator[None]:
    """Stripe's errors as ours. Its words for a payer pass; keys and addresses never do."""
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as wrong:
        raise CardsRefused(
            "Stripe refused: {words}. Look at the payment there, or take another way to pay.",
            words={"words": (wrong.user_message or "no reason given").rstrip(".")},
        ) from wrong
    except (stripe.AuthenticationError, stripe.PermissionError) as wrong:
        raise CardsUnreachable(
            "Stripe does not accept the key of this installation; ask the administrator, and pay "
            "by transfer meanwhile."
        ) from wrong
    except stripe.StripeError as wrong:
        raise CardsUnreachable from wrong


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _intent(about: dict[str, Any]) -> str | None:
    if about.get("object") == "payment_intent":
        return str(about["id"])
    found = about.get("payment_intent")
    # Expanded or not.
    return found if isinstance(found, str) or found is None else str(found["id"])


def _number(metadata: dict[str, Any] | None, name: str) -> int | None:
    text = str((metadata or {}).get(name, ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _refund(one: dict[str, Any]) -> SeenRefund:
    return SeenRefund(
        id=one["id"],
        amount=one["amount"],
        status=REFUNDS.get(one.get("status") or "", "requested"),
        refund_id=_number(one.get("metadata"), "refund"),
        failure=one.get("failure_reason"),
    )


def _dispute(one: dict[str, Any]) -> SeenDispute:
    due = (one.get("evidence_details") or {}).get("due_by")
    return SeenDispute(
        id=one["id"],
        amount=one["amount"],
        status=DISPUTES.get(one["status"], "open"),
        reason=one["reason"],
        due_by=_instant(due) if due else None,
    )
