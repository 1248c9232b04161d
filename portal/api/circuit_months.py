"""Months of periodic circuits over the API: what waits, and reconciling it."""

from enum import StrEnum
from typing import Any

from flask import Blueprint, Response
from pydantic import Field

from billing import circuit_months
from billing.circuit_months import Standing
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Amount, Answer, Body, Paged
from portal.api.instants import local, local_or_none
from portal.idempotency import once

room = Blueprint("api_circuit_months", __name__)


class Which(StrEnum):
    """Those that are over and wait, or those that run or are reconciled."""

    WAITING = "waiting"
    OTHERS = "others"


class MonthsQuery(Paged):
    """Which months."""

    which: Which = Which.WAITING


class ReconcileBody(Body):
    """Why it is reconciled although its traffic is not known, if so."""

    note: str = Field(default="", max_length=500)


class MonthAnswer(Answer):
    """A month of a circuit, what it comes to without tax, and whether it is reconciled."""

    id: int
    booking: str
    resource: str
    month: str = Field(examples=["2026-11"])
    starts_at: str
    ends_at: str
    due_on: str
    state: str
    rental: Amount
    traffic: Amount
    credits: Amount
    net: Amount
    reconciled_at: str | None
    note: str


def month_as_json(found: Standing) -> dict[str, Any]:
    """The month in the form of the API."""
    month = found.month
    return {
        "id": month.id,
        "booking": month.booking.reference,
        "resource": month.line.resource.code,
        "month": f"{month.first:%Y-%m}",
        "starts_at": local(month.starts_at),
        "ends_at": local(month.ends_at),
        "due_on": found.due_on.isoformat(),
        "state": found.state,
        "rental": found.rental.as_json(),
        "traffic": found.traffic.as_json(),
        "credits": found.credits.as_json(),
        "net": found.net.as_json(),
        "reconciled_at": local_or_none(month.reconciled_at),
        "note": month.note,
    }


@room.get("/circuit-months")
@may("issue invoices")
@offers(Call("List months of periodic circuits", "invoices", answer=MonthAnswer, is_list=True))
def list_months(query: MonthsQuery) -> Response:
    """What waits with the oldest first, the others with the newest."""
    waits = query.which is Which.WAITING
    listed = circuit_months.waiting if waits else circuit_months.others
    page = listed(query.per_page, query.offset)
    total = circuit_months.count(waits=waits, limit=query.offset + query.per_page)
    return answer({"items": [month_as_json(each) for each in page], "total": total})


@room.post("/circuit-months/<int:month_id>/reconciliation")
@may("issue invoices")
@offers(
    Call(
        "Reconcile a month of a circuit",
        "invoices",
        answer=MonthAnswer,
        refusals=(404, 409),
    )
)
@once
def reconcile(month_id: int, body: ReconcileBody) -> Response:
    """From then on the invoice run takes it."""
    month = circuit_months.get(month_id)
    circuit_months.reconcile(month, by=current_member(), note=body.note)
    return answer(month_as_json(circuit_months.of(month)))
