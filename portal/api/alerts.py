"""Alerts over the API: what stands, silences, who is on call."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response
from pydantic import Field
from sqlalchemy.orm import joinedload

from config import clock
from config.database import bounded_count, db
from monitoring import devices
from monitoring.alerts import duty, review, silences
from monitoring.errors import BadSilence
from monitoring.models import Alert, AlertKind, Device, Silence
from monitoring.rules import Severity
from portal.access import current_member, may
from portal.api.calls import Call, answer, offers
from portal.api.fields import LARGEST_ID, Answer, Body, Instant, Paged
from portal.api.instants import local, local_or_none
from portal.api.violations import AcknowledgeBody
from portal.idempotency import once
from portal.pages.alerts import take_up
from rental import units
from rental.models import Site

room = Blueprint("api_alerts", __name__)


class AlertsQuery(Paged):
    """Filters of the alerts; without `standing` all of them."""

    standing: bool | None = None
    severity: list[Severity] = Field(default=[])


class AlertAnswer(Answer):
    """Something that somebody may have to hear of."""

    id: int
    kind: AlertKind
    what: str
    subject: str
    device: str
    device_id: int | None
    severity: Severity
    events: list[str]
    opened_at: str
    acknowledged_at: str | None
    resolved_at: str | None
    quiet: str | None


class SilenceBody(Body):
    """Of a device or of a site."""

    device_id: int | None = Field(default=None, ge=1, le=LARGEST_ID)
    site: str | None = Field(default=None, max_length=80)
    reason: str = Field(min_length=1, max_length=500)
    until: Instant


class SilenceAnswer(Answer):
    """Nobody is told of it until then."""

    id: int
    device_id: int | None
    site: str | None
    reason: str
    starts_at: str
    ends_at: str
    by: str


class OnCallAnswer(Answer):
    """Who hears first now; without anybody every operator does."""

    name: str | None
    email: str | None
    until: str | None


def _alert(row: Alert) -> dict[str, Any]:
    told = AlertAnswer(
        id=row.id,
        kind=row.kind,
        what=row.what,
        subject=row.subject,
        device=row.device_name,
        device_id=row.device_id,
        severity=row.severity,
        events=[str(title) for title in row.events],
        opened_at=local(row.opened_at),
        acknowledged_at=local_or_none(row.acknowledged_at),
        resolved_at=local_or_none(row.resolved_at),
        quiet=row.quiet,
    )
    return told.model_dump(mode="json")


def _silence(row: Silence) -> dict[str, Any]:
    told = SilenceAnswer(
        id=row.id,
        device_id=row.device_id,
        site=row.site.slug if row.site else None,
        reason=row.reason,
        starts_at=local(row.starts_at),
        ends_at=local(row.ends_at),
        by=row.member.name,
    )
    return told.model_dump(mode="json")


@room.get("/alerts")
@may("see devices")
@offers(Call("List alerts", "alerts", answer=AlertAnswer, is_list=True))
def list_alerts(query: AlertsQuery) -> Response:
    """The newest first."""
    narrowed = sa.select(Alert)
    if query.standing is not None:
        over = Alert.resolved_at.is_not(None)
        narrowed = narrowed.where(~over if query.standing else over)
    if query.severity:
        narrowed = narrowed.where(Alert.severity.in_(query.severity))
    total = bounded_count(narrowed, query.offset + query.per_page)
    page = db.session.scalars(
        narrowed.options(joinedload(Alert.device))
        .order_by(Alert.opened_at.desc(), Alert.id.desc())
        .limit(query.per_page)
        .offset(query.offset)
    )
    return answer({"items": [_alert(each) for each in page], "total": total})


@room.post("/alerts/<int:alert_id>/acknowledge")
@may("acknowledge violations")
@offers(
    Call(
        "Say that somebody looks after an alert",
        "alerts",
        answer=AlertAnswer,
        refusals=(404, 409),
        is_body_optional=True,
    )
)
@once
def acknowledge_alert(alert_id: int, body: AcknowledgeBody) -> Response:
    """Nobody is told of it again until it is over."""
    alert = review.get(alert_id)
    take_up(alert, by=current_member(), note=body.note or "")
    return answer(_alert(alert))


@room.get("/silences")
@may("see devices")
@offers(Call("List what is silenced now", "alerts", answer=SilenceAnswer, is_list=True))
def list_silences() -> Response:
    """The next to end first."""
    rows = [_silence(one) for one in silences.at(clock.now())]
    return answer({"items": rows, "total": len(rows)})


@room.post("/silences")
@may("acknowledge violations")
@offers(
    Call(
        "Tell nobody of a device or a site",
        "alerts",
        answer=SilenceAnswer,
        status=201,
        refusals=(404, 409),
    )
)
@once
def add_silence(body: SilenceBody) -> Response:
    """From now until then, thirty days at most."""
    made = silences.add(_of(body), body.reason, body.until, by=current_member())
    return answer(_silence(made), status=201)


def _of(body: SilenceBody) -> Device | Site:
    found: list[Any] = []
    if body.device_id is not None:
        found.append(devices.get(body.device_id))
    if body.site is not None:
        found.append(units.site(body.site))
    if len(found) != 1:
        raise BadSilence
    one: Device | Site = found[0]
    return one


@room.get("/on-call")
@may("see devices")
@offers(Call("Who is on call now", "alerts", answer=OnCallAnswer))
def on_call() -> Response:
    """Null where nobody is."""
    now = clock.now()
    member = duty.on_call(now)
    shift = next(iter(duty.shifts(now, now)), None) if member else None
    told = OnCallAnswer(
        name=member.name if member else None,
        email=member.email if member else None,
        until=local(shift.ends_at) if shift else None,
    )
    return answer(told.model_dump(mode="json"))
