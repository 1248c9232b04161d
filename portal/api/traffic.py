"""Interruptions and metered traffic over the API."""

from typing import Any, Literal

from flask import Blueprint, Response
from pydantic import Field

from billing import traffic, traffic_files
from billing.models import TrafficEvidence
from config.database import bounded_count, db
from portal import uploads
from portal.access import current_member, may
from portal.api.bookings import visible as visible_booking
from portal.api.calls import Call, answer, offers
from portal.api.fields import Amount, Answer, Body, Paged, Query, Reason
from portal.api.instants import local, local_or_none
from portal.api.invoices import visible as visible_invoice
from portal.idempotency import once
from portal.pages.interruptions import amount_of, given_back
from portal.pages.reading import month
from portal.pages.traffic import behind_line, buckets_csv, line_of
from rental import interruptions
from rental.interruptions import Judgement
from rental.models import Interruption, InterruptionFault

room = Blueprint("api_traffic", __name__)


class InterruptionsQuery(Paged):
    """Of one fault only, or of all."""

    fault: InterruptionFault | None = None


class FaultBody(Body):
    """Whose doing it was, and how it is known."""

    fault: Literal["centre", "renter", "maintenance", "force_majeure"]
    reason: Reason


class GivenBack(Answer):
    """What stands given on one booking for an interruption."""

    booking: str
    amount: Amount


class InterruptionAnswer(Answer):
    """What renters went without, whose doing it was and what it gave back."""

    id: int
    resource: str
    cause: str
    began_at: str
    ended_at: str | None
    fault: InterruptionFault
    reason: str | None
    given_back: list[GivenBack]


class TrafficQuery(Query):
    """The month whose counters are sent."""

    month: str = Field(pattern=r"^\d{4}-\d{2}$", examples=["2026-11"])


class TrafficForm(Query):
    """No field but the file."""


class TrafficAnswer(Answer):
    """Sealed evidence of one month of a line."""

    id: int
    booking: str
    starts_at: str
    ends_at: str
    state: str
    percentile_bps: int
    committed_mbps: int
    measured: int
    expected: int
    resets: int
    capped: int
    sha256: str
    seal: str
    previous_seal: str
    sealed_at: str
    charge: Amount | None


def _interruption(found: Interruption) -> dict[str, Any]:
    rows = given_back([found]).get(found.id, [])
    return {
        "id": found.id,
        "resource": found.resource.code,
        "cause": found.cause,
        "began_at": local(found.began_at),
        "ended_at": local_or_none(found.ended_at),
        "fault": found.fault.value,
        "reason": found.fault_reason,
        "given_back": [
            {
                "booking": row.line.booking.reference,
                "amount": {"minor": amount_of(row), "currency": "VND"},
            }
            for row in rows
        ],
    }


def evidence_as_json(found: TrafficEvidence) -> dict[str, Any]:
    """The evidence without its buckets."""
    return {
        "id": found.id,
        "booking": found.booking.reference,
        "starts_at": local(found.starts_at),
        "ends_at": local(found.ends_at),
        "state": found.state.value,
        "percentile_bps": found.index_bps,
        "committed_mbps": found.definition["committed_mbps"],
        "measured": found.measured,
        "expected": found.expected,
        "resets": found.resets,
        "capped": found.capped,
        "sha256": found.sha256,
        "seal": found.seal,
        "previous_seal": found.previous_seal,
        "sealed_at": local(found.sealed_at),
        "charge": found.charge.amount.as_json() if found.charge else None,
    }


@room.get("/interruptions")
@may("judge interruptions")
@offers(Call("List interruptions", "interruptions", answer=InterruptionAnswer, is_list=True))
def list_interruptions(query: InterruptionsQuery) -> Response:
    """The newest first."""
    found = interruptions.listed(query.fault)
    total = bounded_count(found.with_only_columns(Interruption.id), query.offset + query.per_page)
    page = db.session.scalars(found.limit(query.per_page).offset(query.offset))
    return answer({"items": [_interruption(each) for each in page], "total": total})


@room.post("/interruptions/<int:interruption_id>/fault")
@may("judge interruptions")
@offers(
    Call(
        "Say whose doing an interruption was",
        "interruptions",
        answer=InterruptionAnswer,
        refusals=(404,),
    )
)
@once
def judge(interruption_id: int, body: FaultBody) -> Response:
    """What it gives back is reckoned anew at once."""
    found = interruptions.get(interruption_id)
    word = Judgement(InterruptionFault(body.fault), body.reason)
    interruptions.judge(found, word, by=current_member())
    return answer(_interruption(found))


@room.get("/bookings/<reference>/traffic")
@may("see own invoices")
@offers(Call("List sealed traffic", "traffic", answer=TrafficAnswer, is_list=True, refusals=(404,)))
def list_traffic(reference: str, query: Paged) -> Response:
    """The evidence of a booking's circuits, oldest first."""
    found = traffic.of_booking(visible_booking(reference))
    page = found[query.offset : query.offset + query.per_page]
    return answer({"items": [evidence_as_json(each) for each in page], "total": len(found)})


@room.post("/bookings/<reference>/lines/<int:line_number>/traffic")
@uploads.takes_files()
@may("import traffic")
@offers(
    Call(
        "Send a month's counters of a circuit",
        "traffic",
        answer=TrafficAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def take_in(
    reference: str,
    line_number: int,
    query: TrafficQuery,
    form: TrafficForm,  # noqa: ARG001  # declares the body
) -> Response:
    """A CSV file in the part `file`: `port,at,in_octets,out_octets[,speed_bps]`.

    The same counters again answer with the same evidence.
    """
    line = line_of(visible_booking(reference), line_number)
    readings = traffic_files.readings_of(uploads.received("file").content)
    evidence = traffic.take_in(line, month(query.month), readings, by=current_member())
    return answer(evidence_as_json(evidence), 201)


@room.get("/invoices/<int:invoice_id>/lines/<int:line_number>/traffic.csv")
@may("see own invoices")
@offers(
    Call("Fetch the buckets behind an invoice line", "traffic", answer="text/csv", refusals=(404,))
)
def buckets(invoice_id: int, line_number: int) -> Response:
    """As they were sealed; digest and seal stand in headers."""
    return buckets_csv(behind_line(visible_invoice(invoice_id), line_number))
