"""Lists as files: CSV and XLSX with the filters of the page they are taken from.

The whole file is written to the disk first, row by row, and then sent: it is never half a file,
and the database is done before a slow network begins.
"""

import tempfile
from collections.abc import Callable
from typing import IO, Any, cast

from flask import Blueprint, Response, request, send_file, url_for
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response as Answer

from config import clock
from portal import sheets
from portal.access import may
from portal.pages import bookings as bookings_page
from portal.pages import export_tables, reading, reports
from portal.pages.export_tables import Table
from rental import catalogue, usage
from rental.models import Resource, ResourceKind

pages = Blueprint("exports", __name__, url_prefix="/exports")


# What the pages narrow their lists by; whatever else stands in an address is not passed on.
FILTERS = ("when", "status", "unit", "q", "kind", "seats_min", "site")


def export_address(table: str, form: str) -> str:
    """Where the list shown is found as a file, with the filters in force."""
    filters: dict[str, Any] = {n: request.args[n] for n in FILTERS if request.args.get(n)}
    return url_for(f"exports.{table}", form=form, **filters)


FOR_TEMPLATES = {"export_address": export_address}


def sent(table: Table, form: str, *, spoken: bool) -> Response:
    """The table as a file to download; `form` is csv or xlsx."""
    write = sheets.WRITERS[form]
    return written(
        f"{table.name}-{clock.today().isoformat()}.{form}",
        sheets.MEDIA_TYPES[form],
        lambda out: write(table.columns(spoken=spoken), table.told(spoken=spoken), out),
    )


def written(name: str, media_type: str, write: Callable[[IO[bytes]], None]) -> Response:
    """A file to download under a name, as `write` writes it; whole before it is sent."""
    file = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115  # the answer closes it
    try:
        write(file)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    answer = send_file(file, mimetype=media_type, as_attachment=True, download_name=name)
    answer.content_length = size
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _resources() -> list[Resource]:
    return catalogue.search(
        kind=reading.word(request.args, "kind", ResourceKind),
        seats_min=reading.integer(request.args, "seats_min"),
        site=request.args.get("site") or None,
        q=request.args.get("q"),
    )


def _page(form: str, table: Callable[[], Table]) -> Answer:
    if form not in sheets.WRITERS:
        raise NoSuchPage
    return sent(table(), form, spoken=True)


@pages.get("/bookings.<form>")
@may("export bookings")
def bookings(form: str) -> Answer:
    """The bookings of the list, all its pages."""
    return _page(form, lambda: export_tables.bookings(bookings_page.sought()))


@pages.get("/lines.<form>")
@may("export bookings")
def lines(form: str) -> Answer:
    """A row for each line of them."""
    return _page(form, lambda: export_tables.lines(bookings_page.sought()))


@pages.get("/resources.<form>")
@may("see the catalogue")
def resources(form: str) -> Answer:
    """The catalogue."""
    return _page(form, lambda: export_tables.resources(_resources()))


@pages.get("/assets.<form>")
@may("see every unit's bookings")
def assets(form: str) -> Answer:
    """The serialised pieces of the catalogue."""
    return _page(form, lambda: export_tables.assets(_resources()))


@pages.get("/utilisation.<form>")
@may("see utilisation")
def utilisation(form: str) -> Answer:
    """The report of a period."""
    days = reports.asked_days()
    return _page(form, lambda: export_tables.utilisation(usage.report(days.first, days.last)))
