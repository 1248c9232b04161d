"""Remediations over the API, and the devices as an inventory for Ansible."""

from typing import Any

from flask import Blueprint, Response
from pydantic import ConfigDict, Field

from monitoring import devices, reasons, remediations, violations
from monitoring.models import Remediation, RemediationStatus
from portal.access import current_member, may
from portal.api.booking_bodies import NothingBody
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Body, Paged, Query, Slug
from portal.api.instants import local
from portal.idempotency import once

room = Blueprint("api_remediations", __name__)


class ChangeAnswer(Answer):
    """What one task changes: a file before and after, without secrets."""

    task: str
    path: str
    before: str
    after: str


class RemediationAnswer(Answer):
    """One try to cure a violation."""

    id: int
    violation: int
    device: int
    rule: str
    playbook: str
    status: RemediationStatus
    risky: bool = Field(description="Whether it takes two people.")
    changes: list[ChangeAnswer]
    digest: str | None = Field(description="What is approved: SHA-256 of the changes.")
    planned_at: str
    checked_at: str | None
    approved_at: str | None
    ended_at: str | None
    reason: str | None = Field(description="Why it waits, went back or failed, in English.")


class RemediationsQuery(Paged):
    """Filters of the remediations."""

    status: list[RemediationStatus] = Field(default=[])


class ApproveBody(Body):
    """The digest of what was looked at, and whether it need not wait for an event's end."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    during_events: bool = False


class InventoryQuery(Query):
    """Of one site, or of all."""

    site: Slug | None = None


class InventoryAnswer(Answer):
    """As `ansible-inventory --list` prints it: beside these keys each group with its hosts."""

    model_config = ConfigDict(extra="allow")

    meta: dict[str, Any] = Field(alias="_meta", description="`hostvars` of each host.")
    all: dict[str, list[str]]


def as_json(one: Remediation) -> dict[str, Any]:
    """A remediation as the API tells it."""
    times = ("planned_at", "checked_at", "approved_at", "ended_at")
    return {
        "id": one.id,
        "violation": one.violation_id,
        "device": one.device_id,
        "rule": one.rule,
        "playbook": one.playbook,
        "status": one.status.value,
        "risky": one.is_risky,
        "changes": one.artefact,
        "digest": one.digest,
        **{name: local(at) if (at := getattr(one, name)) else None for name in times},
        "reason": reasons.in_english(reasons.kept(one.reasons)),
    }


@room.get("/remediations")
@may("see violations")
@offers(Call("List remediations", "violations", answer=RemediationAnswer, is_list=True))
def list_remediations(query: RemediationsQuery) -> Response:
    """The newest first."""
    page = remediations.all_(query.status, limit=query.per_page, offset=query.offset)
    total = remediations.count(query.status, beyond=query.offset + query.per_page)
    return answer({"items": [as_json(each) for each in page], "total": total})


@room.get("/remediations/<int:remediation_id>")
@may("see violations")
@offers(Call("Show a remediation", "violations", answer=RemediationAnswer, refusals=(404,)))
def remediation(remediation_id: int) -> Response:
    """With what it would change."""
    return answer(as_json(remediations.get(remediation_id)))


@room.post("/violations/<int:violation_id>/remediate")
@may("remedy violations")
@offers(
    Call(
        "Have a playbook checked against a violation",
        "violations",
        answer=RemediationAnswer,
        status=201,
        refusals=(404,),
        is_body_optional=True,
    )
)
@once
def remediate(violation_id: int, body: NothingBody) -> Response:  # noqa: ARG001  # declares it
    """A worker says what would change; nothing changes before somebody approves it."""
    planned = remediations.plan(violations.get(violation_id), by=current_member())
    return answer(as_json(planned), 201)


@room.post("/remediations/<int:remediation_id>/approve")
@may("remedy violations")
@offers(
    Call("Approve what was checked", "violations", answer=RemediationAnswer, refusals=(404, 409))
)
@once
def approve_remediation(remediation_id: int, body: ApproveBody) -> Response:
    """By its digest; a risky one by somebody else than who asked for it."""
    approved = remediations.get(remediation_id)
    remediations.approve(
        approved, digest=body.digest, by=current_member(), is_during_events=body.during_events
    )
    return answer(as_json(approved))


@room.post("/remediations/<int:remediation_id>/withdraw")
@may("remedy violations")
@offers(
    Call(
        "Take a remediation back",
        "violations",
        answer=RemediationAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def withdraw_remediation(remediation_id: int, body: NothingBody) -> Response:  # noqa: ARG001  # declares it
    """As long as it is not being applied."""
    taken = remediations.get(remediation_id)
    remediations.withdraw(taken, by=current_member())
    return answer(as_json(taken))


@room.get("/ansible/inventory")
@may("see devices")
@offers(Call("The devices as an inventory for Ansible", "devices", answer=InventoryAnswer))
def ansible_inventory(query: InventoryQuery) -> Response:
    """In the form that `ansible-inventory --list` prints; without any secret."""
    found = devices.search(devices.Wanted(site=query.site, is_retired=False))
    return answer(remediations.inventory(found))
