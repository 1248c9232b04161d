"""Advance and part invoices over the API: what of a booking waits, and what is asked for now."""

from decimal import Decimal

from flask import Blueprint, Response, url_for
from pydantic import Field

from billing import advances
from billing.models import Charge, ChargeKind, Invoice
from billing.money import Money
from config.errors import Invalid
from portal.access import current_member, may
from portal.api.booking_bodies import NothingBody
from portal.api.bookings import visible
from portal.api.calls import Call, answer, offers
from portal.api.fields import LARGEST_ID, Amount, Answer, AskedAmount, Body
from portal.api.invoice_answers import (
    CreditNoteAnswer,
    InvoiceAnswer,
    credit_note_as_json,
    invoice_as_json,
)
from portal.idempotency import once
from rental.models import Booking

room = Blueprint("api_part_invoices", __name__)


class AdvanceBody(Body):
    """An amount, tax included, or a percentage of what is left to invoice."""

    amount: AskedAmount | None = None
    percent: float | None = Field(default=None, gt=0, le=100)


class PartBody(Body):
    """The charges to invoice now, by their ids."""

    charges: list[int] = Field(min_length=1, max_length=1000)


class ChargeAnswer(Answer):
    """An amount that waits for an invoice; `draft` is the draft that holds it, if one does."""

    id: int
    kind: ChargeKind
    description: str
    description_en: str
    amount: Amount
    tax_inclusive: bool
    service: str
    draft: int | None


class WaitingAnswer(Answer):
    """What waits, what it comes to with VAT, and what of it was asked for in advance."""

    charges: list[ChargeAnswer]
    rest: Amount
    advanced: Amount
    surplus: Amount


@room.get("/bookings/<reference>/charges")
@may("issue invoices")
@offers(Call("Show what of a booking waits for an invoice", "invoices", answer=WaitingAnswer))
def waiting(reference: str) -> Response:
    """Charges that no issued invoice holds, with what advances take off below zero."""
    stands = advances.standing(visible(reference))
    return answer(
        {
            "charges": [_charge(one) for one in stands.waiting],
            "rest": stands.rest.as_json(),
            "advanced": stands.advanced.as_json(),
            "surplus": stands.surplus.as_json(),
        }
    )


def _charge(one: Charge) -> dict[str, object]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "description": one.description,
        "description_en": one.description_en,
        "amount": one.amount.as_json(),
        "tax_inclusive": one.tax_inclusive,
        "service": one.service,
        "draft": one.invoice_id,
    }


@room.post("/bookings/<reference>/advances")
@may("issue invoices")
@offers(
    Call(
        "Ask for an advance on a booking",
        "invoices",
        answer=InvoiceAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def advance(reference: str, body: AdvanceBody) -> Response:
    """Issued at once; the final invoice takes it off again."""
    booking = visible(reference)
    return _written(advances.issue(booking, _amount(booking, body), by=current_member()))


def _amount(booking: Booking, body: AdvanceBody) -> Money:
    if (body.amount is None) == (body.percent is None):
        raise Invalid("Give an amount or a percentage, one of the two.")
    if body.percent is not None:
        rest = advances.standing(booking).rest
        return advances.part_of(rest, Decimal(str(body.percent)))
    asked = body.amount
    return Money(asked.minor, asked.currency) if asked is not None else Money(0)


@room.post("/bookings/<reference>/part-invoices")
@may("issue invoices")
@offers(
    Call(
        "Draft an invoice of chosen charges",
        "invoices",
        answer=InvoiceAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def part(reference: str, body: PartBody) -> Response:
    """What else waits stays for the next invoice."""
    chosen = [one for one in body.charges if 0 < one <= LARGEST_ID]
    if len(chosen) < len(body.charges):
        raise Invalid("No charge has that id; look at what waits.")
    return _written(advances.draft_part(visible(reference), chosen))


def _written(invoice: Invoice) -> Response:
    where = url_for("api_invoices.invoice", invoice_id=invoice.id)
    return answer(invoice_as_json(invoice), 201, location=where)


@room.post("/bookings/<reference>/advances/give-back")
@may("credit invoices")
@offers(
    Call(
        "Credit what advances exceed all that is owed",
        "invoices",
        answer=CreditNoteAnswer,
        status=201,
        is_list=True,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def give_back(reference: str, body: NothingBody) -> Response:  # noqa: ARG001  # declares the body
    """After a cancellation: what was paid of it is then owed back to the unit."""
    notes = advances.give_back(visible(reference), by=current_member())
    return answer({"items": [credit_note_as_json(one) for one in notes], "total": len(notes)}, 201)
