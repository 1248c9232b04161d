"""Maintenance over the API: the plans with their due days, and the service history."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response
from pydantic import Field

from config.database import db
from portal.access import may
from portal.api.calls import Call, answer, offers
from portal.api.fields import Answer, Day, Paged, Text
from portal.api.instants import writer
from rental import maintenance, servicing
from rental.models import Asset, MaintenancePlan, Resource, ServiceKind, ServiceRecord

room = Blueprint("api_maintenance", __name__)


class PlansQuery(Paged):
    """Filters of the plans: of a resource's code or an asset's tag, due until a day."""

    what: Text | None = Field(default=None, max_length=80)
    until: Day | None = None
    active: bool | None = None


class ServicesQuery(Paged):
    """Filters of the history: of a resource's code or an asset's tag, running or ended."""

    what: Text | None = Field(default=None, max_length=80)
    running: bool | None = None


class PlanAnswer(Answer):
    """One plan; `asset` is null where it is for the resource as a whole."""

    id: int
    resource: str
    asset: str | None
    title: str
    instructions: str | None
    every_days: int
    next_due_on: date
    active: bool


class ServiceAnswer(Answer):
    """One service; without an end it is running, and the piece is off the calendar."""

    id: int
    resource: str
    asset: str | None
    plan: int | None
    kind: ServiceKind
    began_at: str
    ended_at: str | None
    note: str | None


def _plan(plan: MaintenancePlan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "resource": plan.resource.code,
        "asset": plan.asset.tag if plan.asset else None,
        "title": plan.title,
        "instructions": plan.instructions,
        "every_days": plan.every_days,
        "next_due_on": plan.next_due_on.isoformat(),
        "active": plan.is_active,
    }


def _named(what: str | None) -> tuple[Resource | None, Asset | None]:
    return maintenance.named(what) if what is not None else (None, None)


@room.get("/maintenance")
@may("look after assets")
@offers(
    Call("List maintenance plans", "maintenance", answer=PlanAnswer, is_list=True, refusals=(404,))
)
def list_plans(query: PlansQuery) -> Response:
    """What falls due first on top; those that rest last."""
    found = [
        plan
        for plan in maintenance.plans(*_named(query.what))
        if (query.until is None or plan.next_due_on <= query.until)
        and query.active in (None, plan.is_active)
    ]
    page = found[query.offset : query.offset + query.per_page]
    return answer({"items": [_plan(each) for each in page], "total": len(found)})


@room.get("/maintenance/services")
@may("look after assets")
@offers(
    Call(
        "List the service history", "maintenance", answer=ServiceAnswer, is_list=True,
        refusals=(404,),
    )
)  # fmt: skip
def list_services(query: ServicesQuery) -> Response:
    """Newest first."""
    found = servicing.history(*_named(query.what))
    if query.running is not None:
        running = ServiceRecord.ended_at.is_(None)
        found = found.where(running if query.running else ~running)
    total = db.session.scalar(
        sa.select(sa.func.count()).select_from(found.order_by(None).subquery())
    )
    write = writer()
    items = [
        {
            "id": one.id,
            "resource": one.resource.code,
            "asset": one.asset.tag if one.asset else None,
            "plan": one.plan_id,
            "kind": one.kind.value,
            "began_at": write(one.began_at),
            "ended_at": write(one.ended_at) if one.ended_at else None,
            "note": one.note,
        }
        for one in db.session.scalars(found.limit(query.per_page).offset(query.offset))
    ]
    return answer({"items": items, "total": total or 0})
