"""Bookings from a file: a template, a look at every row, then all of it or nothing."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as Answer

from config.database import transaction
from config.errors import Conflict, Refusal, filled
from config.settings import Settings
from portal import sheets, uploads
from portal.access import current_member, may
from portal.pages import reading, states
from portal.pages.booking_files import columns, grids, importing, template
from portal.pages.booking_files.drafts import Draft
from portal.pages.booking_files.importing import SentFile, Terms
from rental import file_kinds
from rental.file_kinds import FileKind

pages = Blueprint("imports", __name__, url_prefix="/imports")

ACCEPT = ".xlsx,.csv"


def sent_file(seen: str = "") -> SentFile:
    """The file that was sent, under a name that is safe to show; raises BadFile."""
    upload = uploads.received("file")
    stem = file_kinds.cleaned_name(upload.filename, FileKind.XLSX).removesuffix(".xlsx")
    ending = ".xlsx" if upload.content.startswith(grids.ZIP) else ".csv"
    return SentFile(stem + ending, upload.content, seen)


def terms(*, confirms: bool) -> Terms:
    """What the installation says of requests, and whether the desk confirms at once."""
    settings: Settings = current_app.extensions["settings"]
    return Terms(settings.request_days, confirms)


def _confirms() -> bool:
    return request.form.get("confirms") == "1"


def told(refusal: Refusal) -> str:
    """The sentence of a refusal, with the heads of the page instead of the names of columns."""
    values = dict(refusal.values)
    if isinstance(name := values.get("column"), str):
        values["column"] = str(columns.TITLES.get(name, name))
    if isinstance(names := values.get("columns"), list):
        values["columns"] = [str(columns.TITLES.get(name, name)) for name in names]
    if isinstance(codes := values.get("words"), list):
        words = {**states.EVENT_KINDS, **states.ORGANISERS}
        values["words"] = [str(words.get(code, code)) for code in codes]
    return filled(_(refusal.template), values)


def _page(draft: Draft | None = None, refusal: Refusal | None = None, status: int = 200) -> Answer:
    is_partial = reading.is_partial()
    page = render_template(
        "imports/_preview.html" if is_partial else "imports/bookings.html",
        draft=draft,
        refusal=refusal or (draft.refusal if draft else None),
        told=told,
        confirms=_confirms(),
        accept=ACCEPT,
        most=grids.MOST_ROWS,
        recent=[] if is_partial else importing.recent(),
        columns=columns.TITLES,
        meanings={} if is_partial else template.meanings(),
    )
    # A part of a page that says what is wrong is shown, not thrown away.
    return Response(page, 200 if is_partial else status)


def _looked_at(sent: SentFile, refusal: Refusal | None = None) -> Answer:
    """The file with a verdict for each row."""
    try:
        with transaction():
            draft = importing.preview(sent, terms(confirms=_confirms()), by=current_member())
    except Refusal as wrong:
        return _page(refusal=wrong, status=422)
    status = 200
    if refusal is not None:
        status = 409 if isinstance(refusal, Conflict) else 422
    return _page(draft, refusal, status)


@pages.get("/bookings")
@may("import bookings")
def bookings() -> Answer:
    """What a file must look like, and where to send it."""
    return _page()


@pages.get("/bookings/template.<form>")
@may("import bookings")
def example(form: str) -> Response:
    """An empty file to fill in."""
    if form not in template.WRITERS:
        raise NoSuchPage
    answer = Response(template.WRITERS[form](), mimetype=sheets.MEDIA_TYPES[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="bookings-template.{form}"'
    return answer


@pages.post("/bookings/preview")
@uploads.takes_files()
@may("import bookings")
def preview() -> Answer:
    """Every row with its verdict; nothing is written."""
    try:
        sent = sent_file()
    except Refusal as refusal:
        return _page(refusal=refusal, status=422)
    return _looked_at(sent)


@pages.post("/bookings")
@uploads.takes_files()
@may("import bookings")
def take_in() -> Answer:
    """All bookings of the file, or none of them and the reasons."""
    try:
        sent = sent_file(request.form.get("seen", ""))
    except Refusal as refusal:
        return _page(refusal=refusal, status=422)
    try:
        with transaction():
            taken = importing.take_in(sent, terms(confirms=_confirms()), by=current_member())
            count, name = len(taken.bookings), taken.file.filename
    except Refusal as refusal:
        return _looked_at(sent, refusal)
    flash(_("Imported: %(count)s bookings from %(name)s.", count=count, name=name), "good")
    return redirect(url_for(".bookings"))


def verdict_rows(draft: Draft) -> dict[str, list[Any]]:
    """The rows to correct, and those in which nothing is wrong."""
    return {
        "wrong": [row for row in draft.rows if row.verdict != "ok"],
        "good": [row for row in draft.rows if row.verdict == "ok"],
    }


FOR_TEMPLATES = {"verdict_rows": verdict_rows}
