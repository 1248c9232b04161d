"""Discounts on the page of a booking, and those that wait for a second person."""

from decimal import Decimal, InvalidOperation

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from billing import discounts
from billing.discounts import NewDiscount
from billing.errors import BadDiscount
from billing.models import Discount, DiscountStatus
from billing.money import Money
from config.database import transaction
from portal.access import allowed, current_member, may, require
from portal.pages import formats, reading
from portal.pages.work import Work
from rental import bookings
from rental.models import Booking

pages = Blueprint("discounts", __name__)


@pages.get("/discounts")
@may("see discounts")
def index() -> str:
    """What waits for a second person, the oldest first."""
    return render_template("discounts/index.html", discounts=discounts.waiting())


@pages.post("/bookings/<reference>/discounts")
@may("propose discounts")
def propose(reference: str) -> Response:
    """Ask for a percentage or an amount off the booking or one of its lines."""
    booking = bookings.get(reference)
    with transaction():
        discounts.propose(booking, _new(booking), by=current_member())
    flash(_("Proposed. It counts once a second person has approved it."), "good")
    return _back(booking)


@pages.post("/discounts/<int:discount_id>/approve")
@may("approve discounts")
def approve(discount_id: int) -> Response:
    """Say yes: the price falls, and what is charged follows."""
    with transaction():
        discount = discounts.get(discount_id)
        discounts.approve(discount, by=current_member())
        booking = discount.booking
    flash(_("Approved. The price is lower from now on."), "good")
    return _back(booking)


@pages.post("/discounts/<int:discount_id>/decline")
@may("see discounts")
def decline(discount_id: int) -> Response:
    """Say no, or take back what one proposed oneself."""
    with transaction():
        discount = discounts.get(discount_id)
        if discount.proposed_by_id != current_member().id:
            require("approve discounts")
        discounts.decline(discount, by=current_member(), reason=request.form.get("reason", ""))
        booking = discount.booking
    flash(_("Nothing is taken off."), "good")
    return _back(booking)


def _back(booking: Booking) -> Response:
    if request.form.get("next") == "list":
        return redirect(url_for(".index"))
    return redirect(url_for("bookings.show", reference=booking.reference) + "#discounts")


def _new(booking: Booking) -> NewDiscount:
    line_id = reading.integer(request.form, "line")
    line = next((line for line in booking.lines if line.id == line_id), None)
    if line_id is not None and line is None:
        raise BadDiscount("That line is not one of this booking; choose one that is.")
    reason, typed = request.form.get("reason", ""), request.form.get("size", "")
    if request.form.get("by") == "amount":
        minor = reading.integer({"size": typed.replace(".", "").replace(" ", "")}, "size")
        return NewDiscount(reason, amount=Money(minor or 0), line=line)
    return NewDiscount(reason, percent=_percent(typed), line=line)


def _percent(typed: str) -> Decimal:
    try:
        return Decimal(typed.strip().removesuffix("%").strip().replace(",", "."))
    except InvalidOperation:
        raise BadDiscount(
            "The percentage is above 0 and at most 100, with two digits at most."
        ) from None


def shown(booking: Booking) -> list[Discount]:
    """The discounts of a booking, for those who may see them."""
    return discounts.of(booking) if allowed("see discounts") else []


def may_propose(booking: Booking) -> bool:
    """Whether who asks may propose one now."""
    return allowed("propose discounts") and booking.status in discounts.OPEN


def may_approve(discount: Discount) -> bool:
    """Whether who asks is the second person it waits for."""
    waits = discount.status is DiscountStatus.PROPOSED
    return waits and allowed("approve discounts") and discount.proposed_by_id != current_member().id


def may_decline(discount: Discount) -> bool:
    """Whether who asks may say no, or take it back."""
    own = discount.proposed_by_id == current_member().id
    waits = discount.status is DiscountStatus.PROPOSED
    return waits and (own or allowed("approve discounts"))


def size(discount: Discount) -> str:
    """How much it takes off, as a page says it: `10 %`, `1.000.000 đ`."""
    if discount.percent is not None:
        percent = f"{discount.percent.normalize():f}"
        comma = "," if formats.language() == "vi" else "."
        return f"{percent.replace('.', comma)}{formats.GAP}%"
    return formats.money(discount.amount)


def _waiting() -> Work | None:
    if not allowed("approve discounts"):
        return None
    mine = [one for one in discounts.waiting() if may_approve(one)]
    title = lazy_gettext("Discounts to approve")
    return Work(55, "scale", title, len(mine), url_for("discounts.index")) if mine else None


WORK = (_waiting,)
FOR_TEMPLATES = {
    "discounts_of": shown,
    "may_propose_discount": may_propose,
    "may_approve_discount": may_approve,
    "may_decline_discount": may_decline,
    "discount_size": size,
}
