"""Devices: how each is, what it told last, its traffic and its outages."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import transaction
from monitoring import devices, evidence, hostkeys, outages, readings
from monitoring.models import Device, DeviceRole, DeviceStatus, FindingRow
from monitoring.probes.reading import Interface
from monitoring.rates import Point
from monitoring.rules import Result
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.violation_list import of_device
from rental import units

pages = Blueprint("devices", __name__, url_prefix="/devices")


@pages.get("")
@may("see devices")
def index() -> str:
    """Every device that fits the filters, by name."""
    template = "devices/_results.html" if reading.is_partial() else "devices/index.html"
    return render_template(
        template,
        devices=devices.search(sought()),
        counted={status.value: n for status, n in devices.counted().items()},
        tags=[(tag, tag) for tag in devices.tags()],
        sites=[(site.slug, site.name) for site in units.sites()],
    )


# Beside the states of polling, the list knows these.
PAUSED, RETIRED = "paused", "retired"


def sought() -> devices.Wanted:
    """What the address of the list asks for."""
    status = request.args.get("status", "")
    is_state = status not in (PAUSED, RETIRED)
    return devices.Wanted(
        site=request.args.get("site") or None,
        role=reading.word(request.args, "role", DeviceRole),
        status=reading.word(request.args, "status", DeviceStatus) if is_state else None,
        q=request.args.get("q", "")[:100],
        tag=request.args.get("tag", "")[:40] or None,
        is_retired=status == RETIRED,
        is_enabled=False if status == PAUSED else None,
    )


@pages.get("/outages", endpoint="outages")
@may("see outages")
def outages_page() -> str:
    """Outages, the newest first."""
    return render_template("devices/outages.html", outages=outages.all_(), now=clock.now())


@pages.get("/<int:device_id>")
@may("see devices")
def show(device_id: int) -> str:
    """One device: state, interfaces, sensors, traffic, outages and violations."""
    device = devices.get(device_id)
    latest = readings.latest(device)
    interfaces = latest.interfaces() if latest else []
    rates = readings.current_rates(device)
    return render_template(
        "devices/show.html",
        device=device,
        latest=latest,
        interfaces=interfaces,
        rates=rates,
        busiest=_busiest(interfaces, rates),
        outages=outages.all_(device=device, limit=10),
        violations=of_device(device),
        findings=_told(device),
        pinned=hostkeys.pinned(device),
        waiting=hostkeys.waiting(device),
        now=clock.now(),
    )


# What needs somebody stands first; what passes is counted on and stands last.
ORDER = {result: place for place, result in enumerate(
    (Result.FAIL, Result.UNKNOWN, Result.WAIVED, Result.PASS, Result.NOT_APPLICABLE)
)}  # fmt: skip


def _told(device: Device) -> list[FindingRow]:
    found = evidence.findings(device)
    return sorted(found, key=lambda finding: (ORDER[finding.result], finding.rule))


@pages.post("/<int:device_id>/host-keys/<int:key_id>/approve")
@may("manage devices")
def approve(device_id: int, key_id: int) -> Response:
    """Trust the key that the device showed; it is asked by SSH from now on."""
    with transaction():
        device = devices.get(device_id)
        hostkeys.approve(device, hostkeys.get(device, key_id), by=current_member())
    test_id = reading.integer(request.form, "test")
    if test_id is not None:
        flash(_("The key is approved. Test the device again."), "good")
        return redirect(url_for("device_tests.show", device_id=device_id, test_id=test_id))
    flash(_("Approved. The device is asked over SSH at the next collection."), "good")
    return redirect(url_for(".show", device_id=device_id))


def _busiest(interfaces: list[Interface], rates: dict[int, Point]) -> str | None:
    """The name of the interface with the most traffic now, None where there is none."""

    def traffic(interface: Interface) -> float:
        point = rates.get(interface.index)
        return ((point.in_bps or 0) + (point.out_bps or 0)) if point else 0

    named = [interface for interface in interfaces if interface.name]
    return max(named, key=traffic).name if named else None
