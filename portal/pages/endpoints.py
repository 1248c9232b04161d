"""Endpoints of devices: added, changed, asked again; every certificate by its end."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from config.errors import Refusal
from monitoring import devices, endpoint_rules, endpoints
from monitoring.endpoints import NewEndpoint
from monitoring.errors import BadEndpoint, EndpointExists
from monitoring.models import Device, Endpoint, EndpointStatus
from monitoring.probes.reached import EndpointKind, Fault
from monitoring.tls_demand import VERSIONS
from portal.access import current_member, may
from portal.pages import reading, sentences
from portal.pages.reading import BadField

pages = Blueprint("endpoints", __name__, url_prefix="/devices")

SHOWN = 500


def kind_words() -> dict[str, str]:
    """What each kind asks, for people."""
    return {
        "tcp": _("TCP port"),
        "tls": _("TLS certificate"),
        "http": _("Web page"),
        "rtmp": _("RTMP stream"),
        "rtsp": _("RTSP stream"),
        "srt": _("SRT stream"),
    }


def _fault_words() -> dict[str, str]:
    return {
        Fault.TIMEOUT: _("does not answer in time"),
        Fault.REFUSED: _("refuses the connection"),
        Fault.UNREACHABLE: _("cannot be reached"),
        Fault.NAME: _("its name is not known"),
        Fault.FORBIDDEN: _("its address may not be asked"),
        Fault.HUNG_UP: _("hangs up"),
        Fault.MALFORMED: _("answers in another language"),
        Fault.UNEXPECTED: _("answers otherwise than expected"),
        Fault.HANDSHAKE: _("the TLS handshake fails"),
        Fault.INTERNAL: _("could not be asked"),
    }


def _flaw_words() -> dict[str, str]:
    return {
        "expired": _("expired"),
        "not_yet": _("not valid yet"),
        "wrong_name": _("names another host"),
        "untrusted": _("nobody vouches for it"),
        "expires_soon": _("expires soon"),
        "weak": _("weak"),
    }


@pages.get("/endpoints")
@may("see devices")
def index() -> str:
    """Every endpoint that fits."""
    found = endpoints.all_(
        kind=reading.word(request.args, "kind", EndpointKind),
        status=reading.word(request.args, "status", EndpointStatus),
    )
    rows = db.session.scalars(found.limit(SHOWN)).all()
    template = "endpoints/_rows.html" if reading.is_partial() else "endpoints/index.html"
    return render_template(template, endpoints=rows)


@pages.get("/certificates")
@may("see devices")
def certificates() -> str:
    """Every certificate that was seen, the next to end on top."""
    at = clock.now()
    rows = [
        (
            one,
            endpoint_rules.judge(one.facts["certificate"], at, needs_trust=one.needs_trust),
            datetime.fromisoformat(one.facts["certificate"]["ends_at"]),
        )
        for one in endpoints.with_certificates()
    ]
    return render_template("endpoints/certificates.html", rows=rows)


@pages.get("/<int:device_id>/endpoints/new")
@may("manage devices")
def new(device_id: int) -> str:
    """The empty form."""
    device = devices.get(device_id)
    return _form(device, {"kind": "tcp", "interval_seconds": "60", "timeout_seconds": "5"})


def _form(
    device: Device, typed: Mapping[str, str], of: Endpoint | None = None, wrong: str = ""
) -> str:
    return render_template(
        "endpoints/form.html", device=device, typed=typed, endpoint=of, wrong=wrong
    )


@pages.post("/<int:device_id>/endpoints")
@may("manage devices")
def add(device_id: int) -> Response | tuple[str, int]:
    """Watch it from now on; what was typed is kept where it is refused."""
    device = devices.get(device_id)
    try:
        with transaction():
            endpoint = endpoints.add(device, _typed(), by=current_member())
    except (BadField, BadEndpoint, EndpointExists) as refused:
        return _refused(device_id, refused)
    flash(_("%(name)s is asked within seconds.", name=endpoint.name), "good")
    return redirect(url_for("devices.show", device_id=device_id) + "#endpoints")


def _refused(device_id: int, refused: Refusal, of: int | None = None) -> tuple[str, int]:
    endpoint = endpoints.get(of) if of is not None else None
    page = _form(devices.get(device_id), request.form, endpoint, sentences.spoken(refused))
    return page, 409 if isinstance(refused, EndpointExists) else 422


@pages.get("/endpoints/<int:endpoint_id>/edit")
@may("manage devices")
def edit(endpoint_id: int) -> str:
    """The form with what is watched now."""
    endpoint = endpoints.get(endpoint_id)
    return _form(endpoint.device, _as_typed(endpoint), endpoint)


@pages.post("/endpoints/<int:endpoint_id>")
@may("manage devices")
def change(endpoint_id: int) -> Response | tuple[str, int]:
    """Watch it otherwise from now on."""
    device_id = endpoints.get(endpoint_id).device_id
    try:
        with transaction():
            endpoints.change(endpoints.get(endpoint_id), _typed(), by=current_member())
    except (BadField, BadEndpoint, EndpointExists) as refused:
        return _refused(device_id, refused, endpoint_id)
    flash(_("Changed. It is asked anew within seconds."), "good")
    return redirect(url_for("devices.show", device_id=device_id) + "#endpoints")


@pages.post("/endpoints/<int:endpoint_id>/remove")
@may("manage devices")
def remove(endpoint_id: int) -> Response:
    """Watch it no longer."""
    with transaction():
        endpoint = endpoints.get(endpoint_id)
        device_id = endpoint.device_id
        endpoints.remove(endpoint, by=current_member())
    flash(_("Removed. Nobody asks for it any more."), "good")
    return redirect(url_for("devices.show", device_id=device_id) + "#endpoints")


@pages.post("/endpoints/<int:endpoint_id>/ask")
@may("manage devices")
def ask(endpoint_id: int) -> Response:
    """Ask now instead of when it is due."""
    with transaction():
        endpoint = endpoints.get(endpoint_id)
        endpoints.ask_now(endpoint)
    flash(_("It is asked within seconds; look again then."), "good")
    return redirect(url_for("devices.show", device_id=endpoint.device_id) + "#endpoints")


def _number(name: str, fallback: int | None = None) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return fallback
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadField(_("Write numbers in digits."))
    return int(text)


def _typed() -> NewEndpoint:
    kind = reading.word(request.form, "kind", EndpointKind)
    if kind is None:
        raise BadField(_("Choose what is asked."))
    port = _number("port", endpoints.PORTS.get(kind))
    if port is None:
        raise BadField(_("Write the port."))
    seconds = request.form.get("timeout_seconds", "5").replace(",", ".").strip()
    try:
        timeout = float(seconds or 5)
    except ValueError:
        raise BadField(_("Write numbers in digits.")) from None
    return NewEndpoint(
        name=request.form.get("name", ""),
        kind=kind,
        port=port,
        host=request.form.get("host", "").strip() or None,
        path=request.form.get("path", "").strip(),
        server_name=request.form.get("server_name", ""),
        is_secure="is_secure" in request.form,
        needs_trust="needs_trust" in request.form,
        expects_open=request.form.get("expects_open") != "closed",
        expected_status=_number("expected_status"),
        expected_word=request.form.get("expected_word", "").strip(),
        interval_seconds=_number("interval_seconds", 60) or 0,
        timeout_seconds=timeout,
        slow_ms=_number("slow_ms"),
        is_enabled=True,
    )


def _as_typed(endpoint: Endpoint) -> dict[str, str]:
    """The endpoint as its form would have been filled in."""
    typed = {
        name: str(value)
        for name in ("name", "port", "host", "path", "server_name", "expected_status",
                     "expected_word", "interval_seconds", "timeout_seconds", "slow_ms")
        if (value := getattr(endpoint, name)) is not None
    }  # fmt: skip
    typed["kind"] = endpoint.kind.value
    for flag in ("is_secure", "needs_trust"):
        if getattr(endpoint, flag):
            typed[flag] = "1"
    return typed | ({} if endpoint.expects_open else {"expects_open": "closed"})


def said(endpoint: Endpoint) -> str:
    """How it is, in a few words beside its state."""
    if endpoint.fault:
        return _fault_words().get(endpoint.fault, endpoint.fault)
    if endpoint.latency_ms is None:
        return _("not asked yet")
    return f"{endpoint.latency_ms:.0f} ms"


def flaw_words(flaws: Iterable[str]) -> list[str]:
    """What is wrong with a certificate, in a few words each."""
    words = _flaw_words()
    return [words.get(flaw, flaw) for flaw in flaws]


def _flaws(verdict: endpoint_rules.CertificateVerdict) -> list[str]:
    return flaw_words(flaw.value for flaw in verdict.flaws)


def _versions(one: Endpoint) -> list[str]:
    """The versions of TLS that it offers, as people write them: `TLS 1.2`."""
    offered = [name for name in VERSIONS if one.facts.get("offers", {}).get(name)]
    return [f"TLS {name.removeprefix('TLSv') if '.' in name else '1.0'}" for name in offered]


FOR_TEMPLATES: dict[str, Any] = {
    "endpoints_of": endpoints.of,
    "endpoint_said": said,
    "endpoint_kinds": kind_words,
    "certificate_flaws": _flaws,
    "tls_versions": _versions,
}
