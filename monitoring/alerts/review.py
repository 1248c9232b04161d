"""Brings the alerts in line with what stands, and queues what somebody is due to be told.

The rows are a function of what stands and of what was told before: a round that was missed, killed
or run twice changes nothing of the outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from config.database import db
from monitoring.alerts import duty, routing, silences, standing
from monitoring.alerts.policy import AlertPolicy
from monitoring.alerts.routing import Case, Due, Told
from monitoring.alerts.standing import Standing
from monitoring.errors import UnknownAlert
from monitoring.models import Alert, Delivery, Device, Telling
from rental.models import Member

REVIEW_LOCK = 0x4D43_0005
ON_CALL, OPERATORS = "on-call", "operators"
DEFAULT_LOCALE = "vi"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What one review changed."""

    opened: int
    resolved: int
    queued: int


def review(at: datetime, policy: AlertPolicy, zone: ZoneInfo) -> Reviewed:
    """One review, in the caller's transaction; a second one at once waits for it."""
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(REVIEW_LOCK)))
    opened, resolved = _align(at)
    db.session.flush()
    return Reviewed(opened, resolved, _tell(at, policy, zone))


def _align(at: datetime) -> tuple[int, int]:
    now = {one.key: one for one in standing.all_(at)}
    quieted = silences.quieted(at)
    known = {
        (row.kind, row.cause_id): row
        for row in db.session.scalars(sa.select(Alert).where(Alert.resolved_at.is_(None)))
    }
    for key, one in now.items():
        row = known.get(key)
        if row is None:
            row = Alert(kind=one.kind, cause_id=one.cause_id, opened_at=one.opened_at)
            db.session.add(row)
        _describe(row, one, at, is_silenced=quieted.holds(one.device))
    over = [row for key, row in known.items() if key not in now]
    for row in over:
        row.resolved_at = max(at, row.opened_at)
    return len(now.keys() - known.keys()), len(over)


def _describe(row: Alert, one: Standing, at: datetime, *, is_silenced: bool) -> None:
    row.device_id = one.device.id if one.device else None
    row.site_id = one.device.site_id if one.device else None
    row.device_name, row.what, row.subject = one.name, one.what, one.subject
    row.severity, row.seen_at = one.severity, at
    row.events = list(one.events)
    row.acknowledged_at = one.acknowledged_at
    row.quiet = one.quiet or ("silence" if is_silenced else None)
    row.resolved_at = None


def _open_ends() -> Sequence[Alert]:
    """What stands, and what ended and was told of without its end."""
    told = sa.select(Telling.alert_id)
    ended = sa.select(Telling.alert_id).where(Telling.stage == "resolved")
    query = (
        sa.select(Alert)
        .where(
            sa.or_(
                Alert.resolved_at.is_(None),
                sa.and_(
                    Alert.resolved_at >= sa.func.now() - sa.text("interval '1 day'"),
                    Alert.id.in_(told),
                    Alert.id.not_in(ended),
                ),
            )
        )
        .options(selectinload(Alert.tellings), joinedload(Alert.device), joinedload(Alert.site))
        .order_by(Alert.opened_at, Alert.id)
    )
    return db.session.scalars(query).all()


def _tell(at: datetime, policy: AlertPolicy, zone: ZoneInfo) -> int:
    """Queue one message for each channel and receiver with everything that is due to them."""
    together: dict[tuple[str, str], list[tuple[Alert, Due]]] = {}
    for alert in _open_ends():
        for due in routing.due(_case(alert), policy, at, zone):
            together.setdefault((due.channel, due.to), []).append((alert, due))
    queued = 0
    for (channel, to), told in together.items():
        facts = [facts_of(alert, due.stage) for alert, due in told]
        for alert, due in told:
            db.session.add(
                Telling(
                    alert=alert,
                    channel=channel,
                    receiver=to,
                    stage=due.stage,
                    severity=alert.severity,
                    told_at=at,
                )
            )
        for delivery in _deliveries(channel, to, at):
            delivery.facts = facts
            db.session.add(delivery)
            queued += 1
    db.session.flush()
    return queued


def _case(alert: Alert) -> Case:
    device: Device | None = alert.device
    return Case(
        kind=alert.kind,
        severity=alert.severity,
        opened_at=alert.opened_at,
        role=device.role if device else None,
        site=alert.site.slug if alert.site else None,
        is_live=bool(alert.events),
        is_quiet=alert.quiet is not None,
        is_acknowledged=alert.acknowledged_at is not None,
        resolved_at=alert.resolved_at,
        told=[
            Told(one.channel, one.receiver, one.stage, one.severity, one.told_at)
            for one in alert.tellings
        ],
    )


def facts_of(alert: Alert, stage: str) -> dict[str, Any]:
    """What a message says of an alert, frozen as it is now."""
    return {
        "alert_id": alert.id,
        "stage": stage,
        "kind": alert.kind.value,
        "what": alert.what,
        "subject": alert.subject,
        "device": alert.device_name,
        "device_id": alert.device_id,
        "site": alert.site.name if alert.site else "",
        "severity": alert.severity.value,
        "events": list(alert.events),
        "opened_at": alert.opened_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
    }


def _deliveries(channel: str, to: str, at: datetime) -> list[Delivery]:
    if not to:
        return [Delivery(channel=channel, locale=DEFAULT_LOCALE)]
    readers = _readers(to, at)
    return [
        Delivery(channel=channel, receiver=one.email, locale=one.locale, member_id=one.id)
        for one in readers
    ] or [Delivery(channel=channel, receiver=to, locale=DEFAULT_LOCALE)]


def _readers(to: str, at: datetime) -> list[Member]:
    """A hole in the rota is no reason for silence: then all operators are told."""
    if to == ON_CALL:
        member = duty.on_call(at)
        return [member] if member is not None else list(duty.operators())
    if to == OPERATORS:
        return list(duty.operators())
    found = db.session.scalar(
        sa.select(Member).where(sa.func.lower(Member.email) == to.lower(), Member.is_active)
    )
    return [found] if found is not None else []


def now_standing() -> Sequence[Alert]:
    """The alerts that stand, quiet ones last, by severity and age."""
    found = db.session.scalars(
        sa.select(Alert)
        .where(Alert.resolved_at.is_(None))
        .options(selectinload(Alert.tellings), joinedload(Alert.device))
        .order_by(Alert.opened_at, Alert.id)
    ).all()
    rank: Mapping[str, int] = {one.value: n for n, one in enumerate(routing.GRAVITY)}
    return sorted(found, key=lambda one: (one.quiet is not None, rank[one.severity.value]))


def get(alert_id: int) -> Alert:
    """The alert of this id; raises UnknownAlert."""
    alert = db.session.get(Alert, alert_id)
    if alert is None:
        raise UnknownAlert
    return alert
