"""Alerts for people: what stands and who was told, messages, silences, who is on call."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from monitoring import devices, outages, problems, violations
from monitoring.alerts import deliveries, review, silences
from monitoring.alerts.policy import policy
from monitoring.errors import AlertOver
from monitoring.models import Alert, AlertKind, Delivery, DeliveryStatus, Device, Violation
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.alert_words import alert_said, said
from portal.pages.reading import BadField
from rental import units
from rental.models import Member

pages = Blueprint("alerts", __name__, url_prefix="/alerts")

HISTORY, MESSAGES = 200, 200
SPANS = {str(hours): timedelta(hours=hours) for hours in (1, 4, 12, 24, 72, 168)}


@pages.get("")
@may("see devices")
def index() -> str:
    """What stands now, and whom it was told."""
    found = review.now_standing()
    template = "alerts/_standing.html" if reading.is_partial() else "alerts/index.html"
    return render_template(template, alerts=found, at=clock.now(), spans=SPANS)


@pages.get("/history")
@may("see devices")
def history() -> str:
    """What is over, the newest first."""
    rows = db.session.scalars(
        sa.select(Alert)
        .where(Alert.resolved_at.is_not(None))
        .options(selectinload(Alert.tellings), joinedload(Alert.device))
        .order_by(Alert.opened_at.desc(), Alert.id.desc())
        .limit(HISTORY)
    ).all()
    return render_template("alerts/history.html", alerts=rows)


@pages.get("/deliveries")
@may("see devices")
def messages() -> str:
    """Messages and how they fared; the channels of the policy."""
    return render_template(
        "alerts/deliveries.html",
        deliveries=deliveries.recent(
            MESSAGES, status=reading.word(request.args, "status", DeliveryStatus)
        ),
        channels=policy().channels,
        states=deliveries.channel_states(),
    )


@pages.post("/<int:alert_id>/acknowledge")
@may("acknowledge violations")
def acknowledge(alert_id: int) -> Response:
    """Say that somebody looks after it: nobody is told again until it is over."""
    with transaction():
        alert = review.get(alert_id)
        take_up(alert, by=current_member(), note=request.form.get("note", ""))
    flash(_("Acknowledged. Nobody is told of it again until it is over."), "good")
    return redirect(url_for(".index"))


def take_up(alert: Alert, *, by: Member, note: str) -> None:
    """Acknowledge the cause of an alert; raises AlertOver."""
    if not alert.is_standing:
        raise AlertOver
    if alert.kind is AlertKind.OUTAGE:
        outages.acknowledge(outages.get(alert.cause_id), by=by, note=note)
    elif alert.kind is AlertKind.PROBLEM:
        problems.acknowledge(problems.get(alert.cause_id), by=by, note=note)
    elif alert.kind is AlertKind.VIOLATION:
        violation = db.session.get(Violation, alert.cause_id)
        if violation is None:
            raise AlertOver
        if violation.acknowledged_at is None:
            violations.acknowledge(violation, by=by, note=note)
    alert.acknowledged_at = clock.now()
    db.session.flush()


@pages.post("/silences")
@may("acknowledge violations")
def silence() -> Response:
    """Tell nobody of a device or a site for a while."""
    span = SPANS.get(request.form.get("hours", ""))
    if span is None:
        raise BadField(_("Choose for how long."))
    with transaction():
        silences.add(
            _silenced(),
            request.form.get("reason", ""),
            clock.now() + span,
            by=current_member(),
        )
    flash(_("Silenced. It goes on being watched, and its end comes by itself."), "good")
    return redirect(url_for(".show_silences"))


def _silenced() -> Any:
    device = request.form.get("device", "").strip()
    if device:
        found = devices.find(device)
        if found is None:
            raise BadField(_("There is no device of that name."))
        return found
    if not request.form.get("site"):
        raise BadField(_("Choose the device or the site."))
    return units.site(request.form["site"])


@pages.get("/silences")
@may("see devices")
def show_silences() -> str:
    """What nobody is told of now, by whom, why, until when."""
    names = db.session.scalars(sa.select(Device.name).order_by(Device.name)).all()
    return render_template(
        "alerts/silences.html",
        silences=silences.at(clock.now()),
        sites=units.sites(),
        names=names,
        spans=SPANS,
        chosen=request.args.get("device", ""),
    )


@pages.post("/silences/<int:silence_id>/end")
@may("acknowledge violations")
def end_silence(silence_id: int) -> Response:
    """End a silence now."""
    with transaction():
        silences.end(silences.get(silence_id), by=current_member())
    flash(_("Ended. What still stands is told at the next look."), "good")
    return redirect(url_for(".show_silences"))


@pages.post("/deliveries/<int:delivery_id>/again")
@may("manage devices")
def again(delivery_id: int) -> Response:
    """Carry a message that failed once more."""
    with transaction():
        deliveries.again(deliveries.get(delivery_id), by=current_member())
    flash(_("It is carried again within seconds."), "good")
    return redirect(url_for(".messages"))


@pages.post("/channels/<name>/test")
@may("manage devices")
def test(name: str) -> Response:
    """Queue a message that says that the channel works; by mail to whoever asks."""
    channel = policy().channel(name)
    if channel is None:
        raise BadField(_("config/alerts names no such channel."))
    member = current_member()
    is_mail = channel.kind == "email"
    with transaction():
        db.session.add(
            Delivery(
                channel=name,
                receiver=member.email if is_mail else "",
                member_id=member.id if is_mail else None,
                locale=member.locale,
                facts=[_test_facts(clock.now())],
            )
        )
    flash(_("A test message is on its way; see below how it fares."), "good")
    return redirect(url_for(".messages"))


def _test_facts(at: datetime) -> dict[str, Any]:
    return {
        "stage": "test", "kind": "outage", "what": "", "subject": "", "device": "Media Center",
        "device_id": None, "site": "", "severity": "low", "events": [],
        "opened_at": at.isoformat(), "resolved_at": at.isoformat(),
    }  # fmt: skip


def _first_line(delivery: Delivery) -> str:
    """What a message is about, for its row."""
    one = delivery.facts[0]
    if one["stage"] == "test":
        return _("A test message of Media Center")
    words = f"{one['device']}: {said(AlertKind(one['kind']), one['what'], one['subject'])}"
    return _("Over: %(what)s", what=words) if one["stage"] == "resolved" else words


def _standing_count() -> int:
    """How many stand that somebody would be told of."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(Alert.id)).where(
                Alert.resolved_at.is_(None), Alert.quiet.is_(None), Alert.acknowledged_at.is_(None)
            )
        )
        or 0
    )


FOR_TEMPLATES: dict[str, Any] = {
    "alert_said": alert_said,
    "delivery_said": _first_line,
    "alerts_standing": _standing_count,
}
