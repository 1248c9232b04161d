"""Circuits and the ports that hand them out: use against what is booked; the busiest ports."""

from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from monitoring import access_ports, circuit_use, devices, port_rates
from monitoring.models import Device
from portal.access import current_member, may
from portal.pages import reading
from portal.pages.reading import BadField
from rental import catalogue

pages = Blueprint("circuits", __name__, url_prefix="/devices")

SPANS = {"now": port_rates.NOW, "hour": timedelta(hours=1), "day": timedelta(days=1)}
SHOWN = 50
MOST_SWITCHES = 500


@pages.get("/circuits")
@may("see devices")
def index() -> str:
    """Every circuit: who has it, what it carries, and what nobody booked."""
    at = clock.now()
    uses = circuit_use.all_(at)
    template = "circuits/_uses.html" if reading.is_partial() else "circuits/index.html"
    return render_template(
        template,
        uses=uses,
        unbooked=[use for use in uses if use.is_unbooked],
        at=at,
        switches=_switches() if not reading.is_partial() else [],
    )


def _switches() -> list[Device]:
    return list(
        db.session.scalars(
            sa.select(Device)
            .where(Device.role.in_(access_ports.ROLES), Device.is_enabled)
            .order_by(Device.name)
        )
    )


@pages.post("/access-ports")
@may("manage devices")
def add_port() -> Response:
    """Let a port hand out a circuit."""
    device_id = request.form.get("device", "")
    if not device_id.isascii() or not device_id.isdigit() or len(device_id) > 9:
        raise BadField(_("Choose the switch or router."))
    if not request.form.get("circuit"):
        raise BadField(_("Choose the circuit."))
    with transaction():
        port = access_ports.add(
            devices.get(int(device_id)),
            request.form.get("interface", ""),
            catalogue.get(request.form["circuit"]),
            by=current_member(),
        )
    flash(
        _("%(port)s hands out %(circuit)s.", port=port.interface, circuit=port.resource.name),
        "good",
    )
    return redirect(url_for(".index"))


@pages.post("/access-ports/<int:port_id>/remove")
@may("manage devices")
def remove_port(port_id: int) -> Response:
    """The port hands out no circuit any more."""
    with transaction():
        access_ports.remove(access_ports.get(port_id), by=current_member())
    flash(_("Taken away. The port itself is left as it is."), "good")
    return redirect(url_for(".index"))


@pages.get("/talkers")
@may("see devices")
def talkers() -> str:
    """The ports with the most traffic: now, or on average over an hour or a day."""
    span = request.args.get("span", "now")
    if span not in SPANS:
        raise BadField(_("Choose now, the last hour or the last day."))
    found = port_rates.of_devices(port_rates.switches(MOST_SWITCHES), SPANS[span], clock.now())
    shown = port_rates.busiest(found, SHOWN)
    handed = {(port.device_id, port.interface): port for port in access_ports.all_()}
    return render_template(
        "circuits/talkers.html",
        talkers=[(one, handed.get((one.device.id, one.port.name or ""))) for one in shown],
        span=span,
    )
