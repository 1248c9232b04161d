"""Our money: a unit's open invoices with the way to pay each, its quotes and its payments."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template

from billing import accounts, ageing, quotes, transfers
from billing.errors import NoPrice, NoVatRate
from billing.models import Invoice
from billing.money import Money
from config import clock
from portal.access import current_member, may
from portal.pages.invoices import standing
from rental.models import Booking

pages = Blueprint("money", __name__, url_prefix="/money")


@dataclass(frozen=True, slots=True)
class Payable:
    """An open invoice and how it is paid: the account frozen at issue, the purpose, the code."""

    invoice: Invoice
    bank: dict[str, Any]
    purpose: str
    has_code: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class Quoted:
    """A request that waits, and what it would cost; None where no list prices all of it."""

    booking: Booking
    total: Money | None


@pages.get("")
@may("pay own invoices")
def show() -> str:
    """What the unit has to pay and how, what it asked for, what it has paid."""
    unit = current_member().unit
    today = clock.today()
    papers = accounts.to_pay(unit)
    return render_template(
        "money/show.html",
        unit=unit,
        aged=ageing.aged(((one.due_on or today, one.left) for one in papers), today),
        credit=accounts.credit(unit),
        payable=[_payable(one) for one in papers],
        quoted=[_quoted(one) for one in accounts.requests(unit)],
        payments=accounts.payments(unit),
    )


def _payable(invoice: Invoice) -> Payable:
    frozen = (invoice.snapshot or {})["seller"]["bank"]
    code = transfers.code(invoice)
    late = standing(invoice) == "overdue"
    return Payable(invoice, frozen, f"TT {transfers.bill(invoice)}", code is not None, late)


def _quoted(booking: Booking) -> Quoted:
    try:
        return Quoted(booking, quotes.for_booking(booking).total)
    except (NoPrice, NoVatRate):
        return Quoted(booking, None)
