"""Invoice runs over the API: what would be invoiced, the run, how far it is."""

from typing import Any

from flask import Blueprint, Response, url_for
from pydantic import Field

from billing import due_charges, invoice_runs
from billing.due_charges import UnitDue
from billing.invoice_runs import NewRun
from billing.models import Grouping, InvoiceRun
from config import clock
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Amount, Answer, Body, Day, Query
from portal.api.instants import local, local_or_none
from portal.idempotency import once

room = Blueprint("api_invoice_runs", __name__)


class RunQuery(Query):
    """Up to which local day (yesterday), and what goes on one invoice."""

    until: Day | None = None
    per: Grouping = Grouping.BOOKING


class RunBody(Body):
    """The same, and whether the invoices are issued at once."""

    until: Day | None = None
    per: Grouping = Grouping.BOOKING
    issue: bool = False


class GroupAnswer(Answer):
    """One invoice to be."""

    bookings: list[str]
    charges: int
    total: Amount


class HeldAnswer(Answer):
    """A booking that is not invoiced yet, why, and which month of a circuit.

    One of not_over, not_returned, proposal, not_reconciled or buyer.
    """

    booking: str
    why: str
    month: str | None


class UnitDueAnswer(Answer):
    """What one unit would be invoiced."""

    unit: str
    invoices: list[GroupAnswer]
    held: list[HeldAnswer]
    total: Amount


class RunUnitAnswer(Answer):
    """What one unit came to; `failures` say what could not be written."""

    unit: str
    invoices: int
    total: Amount
    failures: list[str] = Field(default=[])
    finished_at: str | None


class RunAnswer(Answer):
    """A run and how far it is."""

    id: int
    until: str
    per: str
    issue: bool
    started_at: str
    finished_at: str | None
    invoices: int
    total: Amount
    units: list[RunUnitAnswer]


def _due_as_json(one: UnitDue) -> dict[str, Any]:
    return {
        "unit": one.unit.slug,
        "invoices": [
            {
                "bookings": [booking.reference for booking in group.bookings],
                "charges": len(group.charges),
                "total": group.total.as_json(),
            }
            for group in one.groups
        ],
        "held": [
            {
                "booking": each.booking.reference,
                "why": each.why.value,
                "month": f"{each.month:%Y-%m}" if each.month else None,
            }
            for each in one.held
        ],
        "total": one.total.as_json(),
    }


def _run_as_json(run: InvoiceRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "until": run.until.isoformat(),
        "per": run.grouping.value,
        "issue": run.issues,
        "started_at": local(run.started_at),
        "finished_at": local_or_none(run.finished_at),
        "invoices": run.invoices,
        "total": run.total.as_json(),
        "units": [
            {
                "unit": row.unit.slug,
                "invoices": row.invoices,
                "total": row.total.as_json(),
                "failures": [failure["words"] for failure in row.failures],
                "finished_at": local_or_none(row.finished_at),
            }
            for row in run.units
        ],
    }


@room.get("/invoice-runs/preview")
@may("issue invoices")
@offers(Call("Preview an invoice run", "invoices", answer=UnitDueAnswer, is_list=True))
def preview_run(query: RunQuery) -> Response:
    """What is complete and on no invoice yet, by unit; what is held back, and why."""
    found = due_charges.due(query.until or clock.yesterday(), query.per)
    return answer({"items": [_due_as_json(one) for one in found], "total": len(found)})


@room.post("/invoice-runs")
@may("issue invoices")
@offers(
    Call(
        "Begin an invoice run",
        "invoices",
        answer=RunAnswer,
        status=201,
        refusals=(409,),
        is_body_optional=True,
    )
)
@once
def start_run(body: RunBody) -> Response:
    """A worker does it; one runs at a time, so a second press writes nothing twice."""
    new = NewRun(body.until or clock.yesterday(), body.per, body.issue)
    run = invoice_runs.start(new, by=current_member())
    where = url_for("api_invoice_runs.show_run", run_id=run.id)
    return answer(_run_as_json(invoice_runs.get(run.id)), 201, location=where)


@room.get("/invoice-runs/<int:run_id>")
@may("issue invoices")
@offers(Call("Show an invoice run", "invoices", answer=RunAnswer, refusals=(404,)))
def show_run(run_id: int) -> Response:
    """How far it is, and what each unit came to."""
    return answer(_run_as_json(invoice_runs.get(run_id)))
