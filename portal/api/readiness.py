"""Is what a booking rents ready, and what its ports are switched to, over the API."""

from typing import Any

from flask import Blueprint, Response

from config.errors import filled
from monitoring import access_ports, port_limits, provisioning, readiness
from monitoring.models import AccessPort, Moment, PortState, PortStatus, Verdict
from monitoring.readiness import Check, CheckKind
from portal.access import may
from portal.api.bookings import visible
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Paged
from portal.api.instants import local, local_or_none

room = Blueprint("api_readiness", __name__)


class CheckAnswer(Answer):
    """One thing looked at; `found` is a name or a rule, `none` where nobody has looked yet."""

    kind: CheckKind
    device: str
    verdict: Verdict
    found: str


class LineReadinessAnswer(Answer):
    """A line and what was looked at for it; without devices nothing is."""

    resource: str
    starts_at: str
    ends_at: str
    verdict: Verdict
    checks: list[CheckAnswer]


class ReportAnswer(Answer):
    """What was found a day or an hour before."""

    moment: Moment
    at: str
    verdict: Verdict


class SignatureAnswer(Answer):
    """Who answers for what was red then, and why."""

    member: str
    at: str
    reason: str


class ReadinessAnswer(Answer):
    """How ready a booking is now; `unsigned` is what stops the handover."""

    booking: str
    verdict: Verdict
    lines: list[LineReadinessAnswer]
    unsigned: list[CheckAnswer]
    signatures: list[SignatureAnswer]
    reports: list[ReportAnswer]


class PortAnswer(Answer):
    """A port that hands out a circuit; what bookings want of it, and what was last verified.

    `booking` and `vlan` are null where it should be off; `status` and what follows where bookings
    do not switch it. `speed_mbps` is the highest that polls have told; `is_held` says whether
    something keeps it to the Mbps of its circuit.
    """

    id: int
    device: str
    device_id: int
    interface: str
    resource: str
    is_managed: bool
    speed_mbps: int | None
    is_held: bool
    limited_by: str | None
    booking: str | None
    vlan: int | None
    status: PortStatus | None
    is_on: bool | None
    verified_at: str | None
    reasons: list[str]


@room.get("/bookings/<reference>/readiness")
@may("see readiness")
@offers(Call("Is a booking ready", "bookings", answer=ReadinessAnswer, refusals=(404,)))
def booking_readiness(reference: str) -> Response:
    """As it stands now, line by line, with what was reported and signed before."""
    booking = visible(reference)
    found = readiness.of_booking(booking)
    lines = [
        {
            "resource": one.line.resource.code,
            "starts_at": local(one.line.starts_at),
            "ends_at": local(one.line.ends_at),
            "verdict": one.verdict.value,
            "checks": [_check(check) for check in one.checks],
        }
        for one in found.lines
    ]
    signatures = [
        {"member": one.member.name, "at": local(one.at), "reason": one.reason}
        for one in found.signatures
    ]
    reports = [
        {"moment": one.moment.value, "at": local(one.at), "verdict": one.verdict.value}
        for one in readiness.reports(booking)
    ]
    return answer(
        {
            "booking": booking.reference,
            "verdict": found.verdict.value,
            "lines": lines,
            "unsigned": [_check(check) for check in found.unsigned],
            "signatures": signatures,
            "reports": reports,
        }
    )


def _check(check: Check) -> dict[str, str]:
    return {
        "kind": check.kind.value,
        "device": check.device,
        "verdict": check.verdict.value,
        "found": check.found,
    }


@room.get("/circuits/ports")
@may("see devices")
@offers(Call("List the ports of circuits", "devices", answer=PortAnswer, is_list=True))
def ports_of_circuits(query: Paged) -> Response:
    """By circuit, device and name."""
    found = access_ports.all_()
    page = found[query.offset : query.offset + query.per_page]
    states = provisioning.states()
    told = [_port(port, states.get(port.id) if port.is_managed else None) for port in page]
    return answer({"items": told, "total": len(found)})


def _port(port: AccessPort, state: PortState | None) -> dict[str, Any]:
    line = state.line if state is not None else None
    return {
        "id": port.id,
        "device": port.device.name,
        "device_id": port.device_id,
        "interface": port.interface,
        "resource": port.resource.code,
        "is_managed": port.is_managed,
        "speed_mbps": port.speed_mbps,
        "is_held": port_limits.is_held(port),
        "limited_by": port.limited_by,
        "booking": line.booking.reference if line is not None else None,
        "vlan": state.vlan if state is not None else None,
        "status": state.status.value if state is not None else None,
        "is_on": state.is_on if state is not None else None,
        "verified_at": local_or_none(state.verified_at) if state is not None else None,
        "reasons": [_said(each) for each in state.reasons] if state is not None else [],
    }


def _said(reason: dict[str, Any]) -> str:
    return filled(reason["template"], reason["values"])
