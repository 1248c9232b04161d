"""What a device says of itself over SSH, and what changed since."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config.database import transaction
from monitoring import device_facts, devices
from monitoring.device_facts import Change
from monitoring.models import Device, FactRecord, FactsRound
from portal.access import may
from portal.pages import formats

pages = Blueprint("facts", __name__, url_prefix="/devices")

ORDER = (
    "system", "version", "model", "serial", "firmware", "image", "processors", "uptime_seconds",
    "restart_reason", "load", "cpu_percent", "memory_percent", "ntp",
)  # fmt: skip


def fact_words() -> dict[str, str]:
    """What facts are called."""
    return {
        "system": _("System"),
        "version": _("Version"),
        "model": _("Model"),
        "serial": _("Serial number"),
        "firmware": _("Firmware"),
        "image": _("Image"),
        "processors": _("Processors"),
        "uptime_seconds": _("Up for"),
        "restart_reason": _("Reason of the last restart"),
        "load": _("Load (1, 5, 15 minutes)"),
        "cpu_percent": _("Processor in use"),
        "memory_percent": _("Memory in use"),
        "ntp": _("Clock"),
        "modules": _("Modules"),
        "failed_services": _("Failed services"),
    }


@dataclass(frozen=True, slots=True)
class Told:
    """The facts of a device as its page shows them."""

    record: FactRecord | None
    round: FactsRound | None
    rows: list[tuple[str, str]]
    disks: list[dict[str, Any]]
    modules: list[dict[str, str]]
    failed_services: list[str]
    changes: list[Change]


@pages.post("/<int:device_id>/facts/ask")
@may("manage devices")
def ask(device_id: int) -> Response:
    """Ask it now instead of within the hour."""
    with transaction():
        device_facts.ask_now(devices.get(device_id))
    flash(_("It is asked within a minute; look again then."), "good")
    return redirect(url_for("devices.show", device_id=device_id) + "#facts")


def told_by(device: Device) -> Told:
    """What it said last, in the words of the page."""
    record = device_facts.latest(device.id)
    said = {**record.facts, **record.passing} if record else {}
    words = fact_words()
    return Told(
        record=record,
        round=device_facts.round_of(device.id),
        rows=[(words[name], _shown(name, said[name])) for name in ORDER if name in said],
        disks=said.get("disks", []),
        modules=said.get("modules", []),
        failed_services=said.get("failed_services", []),
        changes=device_facts.changes(device.id)[:10] if record else [],
    )


def _shown(name: str, value: Any) -> str:
    if name == "uptime_seconds":
        return formats.duration(timedelta(seconds=value))
    if name.endswith("_percent"):
        return f"{value:g} %"
    if name == "load":
        return " · ".join(f"{part:g}" for part in value)
    if name == "ntp":
        return _("synchronised") if value == "synchronised" else _("not synchronised")
    return str(value)


def change_said(change: Change) -> str:
    """What changed, from what to what."""
    name = fact_words().get(change.name, change.name)
    if isinstance(change.before, list):
        return _("%(what)s changed", what=name)
    return f"{name}: {change.before} → {change.after}"


FOR_TEMPLATES: dict[str, Any] = {"facts_told_by": told_by, "fact_change_said": change_said}
