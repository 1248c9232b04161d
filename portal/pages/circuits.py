"""Circuits and the ports that hand them out: use against what is booked; the busiest ports."""

from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from monitoring import (
    access_ports,
    circuit_use,
    devices,
    port_holds,
    port_limits,
    port_rates,
    provisioning,
    unbooked,
)
from monitoring.models import Device, PortState, PortStatus
from monitoring.probes import switching
from portal.access import current_member, may
from portal.jobs import settings_here
from portal.pages import reading
from portal.pages.reading import BadField
from portal.pages.reasons import reasons_said
from rental import bandwidth, catalogue

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


@pages.get("/access-ports/<int:port_id>")
@may("see devices")
def show_port(port_id: int) -> str:
    """A port: what bookings want of it, what holds, and everything that was done to it."""
    port = access_ports.get(port_id)
    state = provisioning.states().get(port.id)
    return render_template(
        "circuits/port.html",
        port=port,
        state=state,
        hold=port_holds.of_port(port, state),
        changes=provisioning.changes(port),
        unbooked_run=unbooked.of_port(port),
    )


@pages.post("/access-ports/<int:port_id>/manage")
@may("manage devices")
def manage_port(port_id: int) -> Response:
    """Let bookings switch a port, or leave it alone from now on."""
    is_managed = request.form.get("managed") == "yes"
    with transaction():
        port = access_ports.get(port_id)
        provisioning.manage(port, is_managed=is_managed, by=current_member())
    if is_managed:
        flash(_("From the next minute on bookings switch this port."), "good")
    else:
        flash(_("Nobody switches this port any more; it stays as it is."), "good")
    return redirect(url_for(".show_port", port_id=port_id))


@pages.post("/access-ports/<int:port_id>/limit")
@may("manage devices")
def limit_port(port_id: int) -> Response:
    """Note what holds a port to its circuit's Mbps beside this service, or that nothing does."""
    with transaction():
        port = access_ports.get(port_id)
        port_limits.note_limit(port, request.form.get("limited_by", ""), by=current_member())
    flash(_("Noted. Bookings follow within a minute."), "good")
    return redirect(url_for(".show_port", port_id=port_id))


@pages.post("/access-ports/<int:port_id>/again")
@may("manage devices")
def look_again(port_id: int) -> Response:
    """Look at a port in the next round."""
    with transaction():
        provisioning.look_again(access_ports.get(port_id))
    flash(_("It is looked at within a minute."), "good")
    return redirect(url_for(".show_port", port_id=port_id))


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


def port_look(state: PortState | None) -> tuple[str, str, str]:
    """How a port stands against its bookings: tone, icon, words."""
    if state is None or state.status is PortStatus.WAITING:
        return "info", "hourglass", _("Waiting for its turn")
    if state.status is PortStatus.FAILED:
        return "bad", "alert-octagon", _("Not as booked")
    if state.status is PortStatus.PLANNED:
        return "info", "eye", _("Would be switched")
    if state.is_on:
        return "good", "plug-connected", _("On, booked")
    return "calm", "lock", _("Switched off")


def outcome_words() -> dict[str, str]:
    """How attempts to switch a port end."""
    return {
        "applied": _("Switched"),
        "planned": _("Tried out"),
        "refused": _("Blocked"),
        "rolled_back": _("Brought back"),
        "failed": _("Failed"),
    }


FOR_TEMPLATES = {
    "reasons_said": reasons_said,
    "is_held": port_limits.is_held,
    "can_shape": switching.can_shape,
    "bandwidth_kept": bandwidth.is_kept,
    "port_look": port_look,
    "port_outcomes": outcome_words,
    "port_states": provisioning.states,
    "ports_of_line": provisioning.of_line,
    "hold_of_line": port_holds.of_line,
    "is_switched": lambda line: (
        settings_here().switch_ports == "on" and provisioning.is_switched(line.resource_id)
    ),
    "switching_mode": lambda: settings_here().switch_ports,
}
