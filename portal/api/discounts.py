"""Discounts over the API: what was proposed for a booking, and the two people it takes."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from flask import Blueprint, Response
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from billing import discounts
from billing.discounts import NewDiscount
from billing.errors import BadDiscount
from billing.models import Discount, DiscountStatus
from billing.money import Money
from portal.access import current_member, may, require
from portal.api.calls import Call, answer, offers
from portal.api.fields import Amount, Answer, AskedAmount, Body, Paged, Reason
from portal.api.instants import local, local_or_none
from portal.idempotency import once
from rental import bookings
from rental.models import Booking

room = Blueprint("api_discounts", __name__)


def _decimal(value: Any) -> Any:
    """`12.5` or `"12.5"`; a number is read by how it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise PydanticCustomError("percent", "a number such as 12.5")
    try:
        percent = Decimal(str(value))
    except InvalidOperation:
        percent = Decimal("NaN")
    if not percent.is_finite():
        raise PydanticCustomError("percent", "a number such as 12.5")
    return percent


Percent = Annotated[
    Decimal,
    Field(gt=0, le=100, decimal_places=2),
    BeforeValidator(_decimal),
    WithJsonSchema({"type": "number", "examples": [12.5]}),
]


class DiscountBody(Body):
    """Either a percentage or an amount, of the booking or of one line (the first is 1)."""

    reason: Reason = Field(max_length=300)
    percent: Percent | None = None
    amount: AskedAmount | None = None
    line: int | None = Field(default=None, ge=1)


class DiscountRefusalBody(Body):
    """Why not."""

    reason: Reason = Field(max_length=300)


class NoBody(Body):
    """No body is needed."""


class DiscountAnswer(Answer):
    """A discount and what became of it."""

    id: int
    booking: str
    line: int | None
    percent: str | None
    amount: Amount | None
    reason: str
    status: DiscountStatus
    proposed_by: str
    proposed_at: str
    decided_by: str | None
    decided_at: str | None
    decision: str | None


def discount_as_json(discount: Discount) -> dict[str, Any]:
    """The form of the JSON API."""
    places = {line.id: place for place, line in enumerate(discount.booking.lines, 1)}
    percent, amount = discount.percent, discount.amount
    return {
        "id": discount.id,
        "booking": discount.booking.reference,
        "line": places.get(discount.line_id or 0),
        "percent": f"{percent.normalize():f}" if percent is not None else None,
        "amount": amount.as_json() if amount is not None else None,
        "reason": discount.reason,
        "status": discount.status.value,
        "proposed_by": discount.proposed_by.name,
        "proposed_at": local(discount.proposed_at),
        "decided_by": discount.decided_by.name if discount.decided_by else None,
        "decided_at": local_or_none(discount.decided_at),
        "decision": discount.decision,
    }


def _list(found: list[Discount]) -> Response:
    return answer({"items": [discount_as_json(one) for one in found], "total": len(found)})


@room.get("/discounts")
@may("see discounts")
@offers(Call("List discounts that wait", "discounts", answer=DiscountAnswer, is_list=True))
def waiting_discounts(query: Paged) -> Response:
    """Those that wait for a second person, the oldest first."""
    found = discounts.waiting(limit=10_000)
    page = found[query.offset : query.offset + query.per_page]
    return answer({"items": [discount_as_json(one) for one in page], "total": len(found)})


@room.get("/bookings/<reference>/discounts")
@may("see discounts")
@offers(
    Call(
        "List the discounts of a booking",
        "discounts",
        answer=DiscountAnswer,
        is_list=True,
        refusals=(404,),
    )
)
def discounts_of_booking(reference: str) -> Response:
    """All that were ever proposed, the oldest first."""
    return _list(discounts.of(bookings.get(reference)))


@room.post("/bookings/<reference>/discounts")
@may("propose discounts")
@offers(
    Call(
        "Propose a discount",
        "discounts",
        answer=DiscountAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def propose_discount(reference: str, body: DiscountBody) -> Response:
    """The price stays as it is until a second person approves it."""
    booking = bookings.get(reference)
    amount = Money(body.amount.minor, body.amount.currency) if body.amount else None
    new = NewDiscount(body.reason, body.percent, amount, _line(booking, body.line))
    discount = discounts.propose(booking, new, by=current_member())
    return answer(discount_as_json(discount), 201)


@room.post("/discounts/<int:discount_id>/approve")
@may("approve discounts")
@offers(
    Call(
        "Approve a discount",
        "discounts",
        answer=DiscountAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def approve_discount(discount_id: int, body: NoBody) -> Response:  # noqa: ARG001  # declares the body
    """By somebody else than who proposed it. What is charged and not yet invoiced follows."""
    discount = discounts.get(discount_id)
    discounts.approve(discount, by=current_member())
    return answer(discount_as_json(discount))


@room.post("/discounts/<int:discount_id>/decline")
@may("see discounts")
@offers(
    Call("Refuse or take back a discount", "discounts", answer=DiscountAnswer, refusals=(404, 409))
)
@once
def decline_discount(discount_id: int, body: DiscountRefusalBody) -> Response:
    """Whoever proposed it takes it back so; others need the right to approve."""
    discount = discounts.get(discount_id)
    if discount.proposed_by_id != current_member().id:
        require("approve discounts")
    discounts.decline(discount, by=current_member(), reason=body.reason)
    return answer(discount_as_json(discount))


def _line(booking: Booking, number: int | None) -> Any:
    if number is None:
        return None
    if number > len(booking.lines):
        raise BadDiscount("That line is not one of this booking; choose one that is.")
    return booking.lines[number - 1]
