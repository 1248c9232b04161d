"""The words of a message about alerts, in its reader's language, and its facts for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import format_datetime as local_datetime
from flask_babel import gettext as _

from config import clock
from config.settings import Settings
from monitoring.models import Alert, AlertKind, Delivery
from portal.pages.alert_words import said

# Alertmanager forgets what nobody repeats for so long.
FORGETS = timedelta(minutes=5)


def _url(path: str) -> str:
    settings: Settings = current_app.extensions["settings"]
    return settings.public_url.rstrip("/") + path


def subject_and_body(delivery: Delivery) -> tuple[str, str]:
    """A short line that a locked telephone shows, and the whole message."""
    with force_locale(delivery.locale):
        facts = delivery.facts
        lines = [_line(one) for one in facts]
        subject = lines[0] if len(lines) == 1 else _counted(facts)
        body = "\n\n".join(_paragraph(line, one) for line, one in zip(lines, facts, strict=True))
        return subject[:180], f"{body}\n\n{_url('/alerts')}"


def _counted(facts: Sequence[Mapping[str, Any]]) -> str:
    over = sum(one["stage"] == "resolved" for one in facts)
    first = _line(facts[0])
    return _(
        "%(count)s alerts, %(over)s of them over: %(first)s …",
        count=len(facts),
        over=over,
        first=first,
    )


def _line(one: Mapping[str, Any]) -> str:
    words = said(AlertKind(one["kind"]), one["what"], one["subject"])
    if one["stage"] == "resolved":
        return _("Over: %(device)s, %(what)s", device=one["device"], what=words)
    if one["stage"] == "test":
        return _("A test message of Media Center")
    severity = {
        "critical": _("CRITICAL"),
        "high": _("HIGH"),
        "medium": _("Medium"),
        "low": _("Low"),
    }[one["severity"]]
    return f"{severity}: {one['device']}, {words}"


def _paragraph(line: str, one: Mapping[str, Any]) -> str:
    if one["stage"] == "test":
        return _("This channel works. Nothing is wrong.")
    parts = [line, _("since %(moment)s", moment=_moment(one["opened_at"]))]
    if one["resolved_at"]:
        parts.append(_("over since %(moment)s", moment=_moment(one["resolved_at"])))
    if one["site"]:
        parts.append(one["site"])
    parts += [_("Live: %(title)s", title=title) for title in one["events"][:3]]
    if one["stage"].startswith("escalated"):
        parts.append(_("Nobody has acknowledged it yet."))
    elif one["stage"].startswith("repeat"):
        parts.append(_("It still stands."))
    if one["device_id"]:
        parts.append(_url(f"/devices/{one['device_id']}"))
    return "\n".join(parts)


def _moment(text: str) -> str:
    instant = datetime.fromisoformat(text).astimezone(clock.LOCAL)
    return str(local_datetime(instant, "HH:mm dd/MM/yyyy", rebase=False))


def for_programs(delivery: Delivery) -> dict[str, Any]:
    """What a webhook gets: version, key, and the facts of each alert."""
    return {
        "version": "1",
        "key": f"delivery-{delivery.id}",
        "sent_at": clock.now().isoformat(),
        "address": _url("/alerts"),
        "alerts": list(delivery.facts),
    }


def for_alertmanager(alert: Alert, at: datetime) -> dict[str, Any]:
    """An alert as Alertmanager's API v2 takes it; while it stands it must be said again."""
    with force_locale("en"):
        words = said(alert.kind, alert.what, alert.subject)
    labels = {
        "alertname": f"MediaCenter{alert.kind.value.capitalize()}",
        "kind": alert.what or alert.kind.value,
        "severity": alert.severity.value,
        "device": alert.device_name,
        "subject": alert.subject,
        "source": "media-center",
    }
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {
            "summary": f"{alert.device_name}: {words}",
            "events": ", ".join(map(str, alert.events)),
        },
        "startsAt": alert.opened_at.isoformat(),
        "endsAt": (alert.resolved_at or at + FORGETS).isoformat(),
        "generatorURL": _url(f"/devices/{alert.device_id}" if alert.device_id else "/alerts"),
    }
