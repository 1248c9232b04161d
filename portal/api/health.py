"""Health over the API: problems, who looks after what, and how long things were available."""

import sqlalchemy as sa
from flask import Blueprint, Response
from pydantic import Field
from sqlalchemy.orm import joinedload

from config import clock
from config.database import bounded_count, db
from monitoring import devices, outages, problems, uptimes
from monitoring.availability import Availability
from monitoring.errors import BadDevice
from monitoring.models import Outage, Problem
from monitoring.rules import Severity
from portal.access import current_member, may
from portal.api.bookings import visible
from portal.api.calls import Call, answer, offers
from portal.api.device_answers import OutageAnswer, outage_as_json
from portal.api.devices import LONGEST
from portal.api.fields import LARGEST_ID, Answer, Body, Instant, Paged
from portal.api.instants import local, local_or_none
from portal.api.violations import AcknowledgeBody
from portal.idempotency import once
from rental import catalogue
from rental.period import Period

room = Blueprint("api_health", __name__)


class ProblemsQuery(Paged):
    """Filters of the problems; without `open` all of them."""

    open: bool | None = None
    device: int | None = Field(default=None, ge=1, le=LARGEST_ID)
    severity: list[Severity] = Field(default=[])


class SpanQuery(Body):
    """A period of 31 days at most."""

    starts_at: Instant = Field(alias="from")
    ends_at: Instant = Field(alias="to")


class DeviceProblemAnswer(Answer):
    """One thing wrong with a device that answers."""

    id: int
    device: str
    device_id: int
    kind: str
    subject: str
    severity: Severity
    value: float | None
    threshold: float | None
    opened_at: str
    refreshed_at: str
    cleared_at: str | None
    acknowledged_at: str | None
    note: str | None


class AvailabilityAnswer(Answer):
    """The parts of a period in seconds; the ratio is of the time that is known, 0 to 1."""

    starts_at: str
    ends_at: str
    ratio: float | None
    up_seconds: float
    degraded_seconds: float
    down_seconds: float
    unknown_seconds: float
    maintenance_seconds: float


class DeviceAvailabilityAnswer(AvailabilityAnswer):
    """Of one device."""

    device_id: int


class ResourceMeasuredAnswer(AvailabilityAnswer):
    """Of one resource, by the devices named."""

    resource: str
    devices: list[str]


class LineAvailabilityAnswer(AvailabilityAnswer):
    """Of one line of a booking, until now while it lasts."""

    resource: str


class LinesAvailabilityAnswer(Answer):
    """The measured lines that have begun."""

    lines: list[LineAvailabilityAnswer]


@room.get("/problems")
@may("see devices")
@offers(Call("List problems", "problems", answer=DeviceProblemAnswer, is_list=True))
def list_problems(query: ProblemsQuery) -> Response:
    """The newest first."""
    narrowed = sa.select(Problem)
    if query.open is not None:
        cleared = Problem.cleared_at.is_not(None)
        narrowed = narrowed.where(~cleared if query.open else cleared)
    if query.device is not None:
        narrowed = narrowed.where(Problem.device_id == devices.get(query.device).id)
    if query.severity:
        narrowed = narrowed.where(Problem.severity.in_(query.severity))
    total = bounded_count(narrowed, query.offset + query.per_page)
    page = db.session.scalars(
        narrowed.options(joinedload(Problem.device))
        .order_by(Problem.opened_at.desc(), Problem.id.desc())
        .limit(query.per_page)
        .offset(query.offset)
    )
    return answer({"items": [_problem(each) for each in page], "total": total})


@room.post("/problems/<int:problem_id>/acknowledge")
@may("acknowledge violations")
@offers(
    Call(
        "Say that somebody looks after a problem",
        "problems",
        answer=DeviceProblemAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def acknowledge_problem(problem_id: int, body: AcknowledgeBody) -> Response:
    """It stays open until it is over."""
    problem = problems.get(problem_id)
    problems.acknowledge(problem, by=current_member(), note=body.note or "")
    return answer(_problem(db.session.get_one(Problem, problem_id)))


@room.post("/outages/<int:outage_id>/acknowledge")
@may("acknowledge violations")
@offers(
    Call(
        "Say that somebody looks after an outage",
        "outages",
        answer=OutageAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def acknowledge_outage(outage_id: int, body: AcknowledgeBody) -> Response:
    """It stays open until the device answers."""
    outages.acknowledge(outages.get(outage_id), by=current_member(), note=body.note or "")
    return answer(outage_as_json(db.session.get_one(Outage, outage_id)))


@room.get("/devices/<int:device_id>/availability")
@may("see devices")
@offers(
    Call(
        "How long a device was available",
        "devices",
        answer=DeviceAvailabilityAnswer,
        refusals=(404, 422),
    )
)
def device_availability(device_id: int, query: SpanQuery) -> Response:
    """From the changes of its state, exact to the second."""
    device = devices.get(device_id)
    period = Period(query.starts_at, query.ends_at)
    if period.duration > LONGEST:
        raise BadDevice("Ask for 31 days at most; ask again for the rest.")
    had = uptimes.of_devices([device], period)[device.id].total
    return answer({"device_id": device.id, **_had(period, had)})


@room.get("/resources/<code>/measured")
@may("see devices")
@offers(
    Call(
        "How long a resource was available by its devices",
        "resources",
        answer=ResourceMeasuredAnswer,
        refusals=(404, 422),
    )
)
def resource_measured(code: str, query: SpanQuery) -> Response:
    """At each instant by the worst of the devices that serve it, a circuit by its ports'."""
    resource = catalogue.get(code)
    period = Period(query.starts_at, query.ends_at)
    if period.duration > LONGEST:
        raise BadDevice("Ask for 31 days at most; ask again for the rest.")
    serving = uptimes.serving([resource.id])
    if not serving:
        raise BadDevice("No device serves {name}, so nothing is measured.", name=resource.name)
    had = uptimes.of_resources(serving, period)[resource.id].total
    names = [device.name for device in serving[resource.id]]
    return answer({"resource": resource.code, "devices": names, **_had(period, had)})


@room.get("/bookings/<reference>/availability")
@may("see own bookings")
@offers(
    Call(
        "How long what a booking rents was available",
        "bookings",
        answer=LinesAvailabilityAnswer,
        refusals=(404,),
    )
)
def booking_availability(reference: str) -> Response:
    """Line by line, until now while it lasts; what nobody measures is left out."""
    found = uptimes.of_booking(visible(reference), clock.now())
    lines = [
        {"resource": one.line.resource.code, **_had(one.period, one.had.total)} for one in found
    ]
    return answer({"lines": lines})


def _had(period: Period, had: Availability) -> dict[str, object]:
    return {
        "starts_at": local(period.starts_at),
        "ends_at": local(period.ends_at),
        "ratio": None if had.ratio is None else float(had.ratio),
        "up_seconds": had.up.total_seconds(),
        "degraded_seconds": had.degraded.total_seconds(),
        "down_seconds": had.down.total_seconds(),
        "unknown_seconds": had.unknown.total_seconds(),
        "maintenance_seconds": had.maintenance.total_seconds(),
    }


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "id": problem.id,
        "device": problem.device.name,
        "device_id": problem.device_id,
        "kind": problem.kind,
        "subject": problem.subject,
        "severity": problem.severity.value,
        "value": problem.value,
        "threshold": problem.threshold,
        "opened_at": local(problem.opened_at),
        "refreshed_at": local(problem.refreshed_at),
        "cleared_at": local_or_none(problem.cleared_at),
        "acknowledged_at": local_or_none(problem.acknowledged_at),
        "note": problem.note,
    }
