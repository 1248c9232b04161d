"""Many devices from a file and into one: a look at every row, then all of it or nothing."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as Answer

from config import clock
from config.database import transaction
from config.errors import Conflict, Refusal
from monitoring import devices
from portal import sheets, uploads
from portal.access import current_member, may
from portal.pages import devices as devices_page
from portal.pages import exports, reading
from portal.pages.device_files import columns, giving, importing
from portal.pages.device_files import reading as rows
from portal.pages.device_files.drafts import Draft
from portal.pages.device_files.importing import SentDevices

pages = Blueprint("device_imports", __name__, url_prefix="/devices")

ACCEPT = ".xlsx,.csv,.yml,.yaml"
# What the list of devices is narrowed by.
FILTERS = ("status", "role", "site", "tag", "q")


def sent_file(seen: str = "") -> SentDevices:
    """The file that was sent; raises BadFile."""
    upload = uploads.received("file")
    return SentDevices(upload.filename[-120:], upload.content, seen)


def _page(draft: Draft | None = None, refusal: Refusal | None = None, status: int = 200) -> Answer:
    is_partial = reading.is_partial()
    page = render_template(
        "devices/_import_preview.html" if is_partial else "devices/import.html",
        draft=draft,
        refusal=refusal,
        told=columns.spoken,
        accept=ACCEPT,
        most=rows.MOST_ROWS,
        columns=columns.TITLES,
        meanings={} if is_partial else meanings(),
    )
    # A part of a page that says what is wrong is shown, not thrown away.
    return Response(page, 200 if is_partial else status)


def _looked_at(sent: SentDevices, refusal: Refusal | None = None) -> Answer:
    """The file with a verdict for each row."""
    try:
        with transaction():
            draft = importing.preview(sent)
            status = 200
            if refusal is not None:
                status = 409 if isinstance(refusal, Conflict) else 422
            return _page(draft, refusal, status)
    except Refusal as wrong:
        return _page(refusal=wrong, status=422)


@pages.get("/import")
@may("manage devices")
def index() -> Answer:
    """What a file must look like, and where to send it."""
    return _page()


@pages.get("/import/template.<form>")
@may("manage devices")
def example(form: str) -> Response:
    """An empty file to fill in."""
    if form not in sheets.WRITERS:
        raise NoSuchPage
    return exports.written(
        f"devices-template.{form}",
        giving.MEDIA_TYPES[form],
        lambda out: giving.write([], form, out, spoken=True),
    )


@pages.post("/import/preview")
@uploads.takes_files()
@may("manage devices")
def preview() -> Answer:
    """Every row with its verdict; nothing is written."""
    try:
        sent = sent_file()
    except Refusal as refusal:
        return _page(refusal=refusal, status=422)
    return _looked_at(sent)


@pages.post("/import")
@uploads.takes_files()
@may("manage devices")
def take_in() -> Answer:
    """All devices of the file, or none of them and the reasons."""
    try:
        sent = sent_file(request.form.get("seen", ""))
    except Refusal as refusal:
        return _page(refusal=refusal, status=422)
    try:
        with transaction():
            counts = importing.take_in(sent, by=current_member()).counts
    except Refusal as refusal:
        return _looked_at(sent, refusal)
    said = _(
        "Imported: %(new)s new devices, %(changed)s changed, %(unchanged)s unchanged.", **counts
    )
    flash(said, "good")
    return redirect(url_for("devices.index"))


@pages.get("/export.<form>")
@may("manage devices")
def export(form: str) -> Response:
    """The devices of the list, with its filters."""
    if form not in giving.MEDIA_TYPES:
        raise NoSuchPage
    found = devices.search(devices_page.sought())
    return exports.written(
        f"devices-{clock.today().isoformat()}.{form}",
        giving.MEDIA_TYPES[form],
        lambda out: giving.write(found, form, out, spoken=True),
    )


def device_export_address(form: str) -> str:
    """Where the list shown is found as a file, with the filters in force."""
    filters: dict[str, Any] = {n: request.args[n] for n in FILTERS if request.args.get(n)}
    return url_for("device_imports.export", form=form, **filters)


def meanings() -> dict[str, str]:
    """What each column is for, in the language in force."""
    return {
        "name": _("Needed. A device of this name is changed; any other name is a new device."),
        "address": _("By number: 192.0.2.10 or 2001:db8::10. Needed for a new device."),
        "role": _("Switch, router, encoder, camera, UPS, server; empty means other device."),
        "platform": _("What it runs; it decides how its configuration is read and judged."),
        "site": _("The code or the name of the site; empty means the first one."),
        "vendor": _("80 characters at most."),
        "model": _("80 characters at most."),
        "serial": _("80 characters at most; format the column as text, so that no zero is lost."),
        "location": _("Room, rack, unit."),
        "tags": _("Separated by commas."),
        "note": _("2,000 characters at most."),
        "parent": _("The name of the device before it, which may stand anywhere in the file."),
        "resource": _("The code of the hall, equipment or circuit that it serves."),
        "asset": _("The tag of the asset that it is."),
        "snmp_credential": _(
            "The name of a credential that is kept here; never the secret itself."
        ),
        "snmp_port": _("Empty means 161."),
        "ssh_credential": _("The name of a credential for SSH; never the secret itself."),
        "ssh_port": _("Empty means 22."),
        "needs_legacy_ssh": _("Yes or no; empty means no."),
        "is_enabled": _("Yes or no; empty means yes."),
    }


FOR_TEMPLATES = {"device_export_address": device_export_address}
