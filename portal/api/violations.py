"""Violations over the API: by age or by risk, and the answers that operators give."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal

import sqlalchemy as sa
from flask import Blueprint, Response
from pydantic import Field

from config import clock
from monitoring import devices, enforcement, risks, violations, waivers
from monitoring.models import Violation, ViolationStatus
from monitoring.waivers import NewWaiver
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import LARGEST_ID, Body, Instant, Paged, Reason, Text
from portal.api.violation_answers import (
    AffectedAnswer,
    ViolationAnswer,
    WaiverAnswer,
    affected_as_json,
    violation_as_json,
    violations_as_json,
    waiver_as_json,
)
from portal.idempotency import once
from rental import bookings, substitutes

room = Blueprint("api_violations", __name__)


class Sort(StrEnum):
    """In which order violations are listed."""

    NEWEST = "newest"
    RISK = "risk"


class ViolationsQuery(Paged):
    """Filters of the violations; without a status those that somebody should look at.

    By risk each says its `risk`, and what is resolved comes last without one.
    """

    status: list[ViolationStatus] = Field(default=[])
    device: int | None = Field(default=None, ge=1, le=LARGEST_ID)
    sort: Sort = Sort.NEWEST


class AcknowledgeBody(Body):
    """A note, if you like."""

    note: Text | None = Field(default=None, max_length=2000)


class WaiveBody(Body):
    """Why the risk is borne, and until when: an instant (a year at most) or a booking's end."""

    reason: Reason
    until: Instant | None = None
    booking: Text | None = Field(default=None, max_length=40)


class DeclineBody(Body):
    """Why not, if you like."""

    reason: Text | None = Field(default=None, max_length=2000)


class WaiversQuery(Paged):
    """Those in force, or those that wait for a second person."""

    status: Literal["in_force", "asked"] = "in_force"


@room.get("/violations")
@may("see violations")
@offers(Call("List violations", "violations", answer=ViolationAnswer, is_list=True))
def list_violations(query: ViolationsQuery) -> Response:
    """The newest first, or the greatest risk first; without a status what is not settled."""
    statuses = query.status or [ViolationStatus.OPEN, ViolationStatus.ACKNOWLEDGED]
    of = devices.get(query.device) if query.device is not None else None
    most = query.offset + query.per_page
    total = violations.count(statuses=statuses, device=of, beyond=most)
    if query.sort is Sort.RISK:
        return answer({"items": _by_risk(query, statuses), "total": total})
    page = violations.all_(statuses=statuses, device=of, limit=query.per_page, offset=query.offset)
    return answer({"items": violations_as_json(page), "total": total})


def _by_risk(query: ViolationsQuery, statuses: Sequence[ViolationStatus]) -> list[dict[str, Any]]:
    """One page, the greatest risk first; after all that stands what is resolved, newest first."""
    standing: list[sa.ColumnElement[bool]] = [
        Violation.status.in_(set(statuses) - {ViolationStatus.RESOLVED})
    ]
    of = devices.get(query.device) if query.device is not None else None
    if of is not None:
        standing.append(Violation.device_id == of.id)
    found = risks.ranked(standing, clock.now(), limit=query.per_page, offset=query.offset)
    rows = risks.loaded(found.ids)
    if ViolationStatus.RESOLVED in statuses and len(rows) < query.per_page:
        rows += violations.all_(
            statuses=[ViolationStatus.RESOLVED],
            device=of,
            limit=query.per_page - len(rows),
            offset=max(query.offset - found.total, 0),
        )
    return violations_as_json(rows, found.risks)


@room.get("/violations/<int:violation_id>/affected")
@may("see violations")
@offers(
    Call(
        "Which bookings lack what a violation closed",
        "violations",
        answer=AffectedAnswer,
        refusals=(404,),
        is_list=True,
    )
)
def affected(violation_id: int, query: Paged) -> Response:
    """The soonest first, 20 bookings at most, each line with what is equal and free."""
    closed = enforcement.closures_of(violations.get(violation_id))
    found = substitutes.under(closed)
    page = found[query.offset : query.offset + query.per_page]
    return answer({"items": [affected_as_json(each) for each in page], "total": len(found)})


@room.post("/violations/<int:violation_id>/acknowledge")
@may("acknowledge violations")
@offers(
    Call(
        "Say that somebody looks after it",
        "violations",
        answer=ViolationAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def acknowledge(violation_id: int, body: AcknowledgeBody) -> Response:
    """The resource stays off the calendar."""
    violation = violations.get(violation_id)
    violations.acknowledge(violation, by=current_member(), note=body.note)
    return answer(violation_as_json(violation))


@room.post("/violations/<int:violation_id>/waive")
@may("waive violations")
@offers(Call("Bear the risk for a time", "violations", answer=ViolationAnswer, refusals=(404, 409)))
@once
def waive(violation_id: int, body: WaiveBody) -> Response:
    """In force at once, or, where the terms want two people, `waiver` says that it is asked for.

    In force, the resource is back on the calendar unless another violation keeps it off.
    """
    violation = violations.get(violation_id)
    booking = bookings.get(body.booking) if body.booking is not None else None
    waivers.ask(violation, NewWaiver(body.reason, body.until, booking), by=current_member())
    enforcement.settle(violation.device)
    return answer(violation_as_json(violation))


@room.post("/violations/<int:violation_id>/waiver/approve")
@may("approve waivers")
@offers(Call("Agree to a waiver", "violations", answer=ViolationAnswer, refusals=(404, 409)))
@once
def approve_waiver(violation_id: int) -> Response:
    """By somebody else than who asked."""
    violation = violations.get(violation_id)
    waivers.approve(waivers.get_asked(violation), by=current_member())
    enforcement.settle(violation.device)
    return answer(violation_as_json(violation))


@room.post("/violations/<int:violation_id>/waiver/decline")
@may("waive violations")
@offers(
    Call(
        "Refuse a waiver, or take it back",
        "violations",
        answer=ViolationAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def decline_waiver(violation_id: int, body: DeclineBody) -> Response:
    """Whoever asked takes it back so."""
    violation = violations.get(violation_id)
    waivers.decline(waivers.get_asked(violation), by=current_member(), reason=body.reason or "")
    return answer(violation_as_json(violation))


@room.get("/waivers")
@may("see violations")
@offers(Call("List waivers", "violations", answer=WaiverAnswer, is_list=True))
def list_waivers(query: WaiversQuery) -> Response:
    """In force the first to end first; asked for the oldest first."""
    found = waivers.in_force() if query.status == "in_force" else waivers.asked()
    page = found[query.offset : query.offset + query.per_page]
    return answer({"items": [waiver_as_json(each) for each in page], "total": len(found)})
