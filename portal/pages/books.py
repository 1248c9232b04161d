"""Reports of a month for the books: output VAT, revenue, and the journal in double entry."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage

from billing import bookkeeping, closing, month_reports, reconciling
from config import clock
from portal import sheets
from portal.access import may
from portal.pages import exports
from portal.pages.export_tables import Head, Table
from portal.pages.reading import month
from portal.sheets import Kind

pages = Blueprint("books", __name__, url_prefix="/reports")

KINDS = {"invoice": _("Invoice"), "credit_note": _("Credit note"), "void": _("Void")}
SERVICES = {
    "hall_hire": _("Halls"),
    "equipment_hire": _("Equipment"),
    "telecom": _("Circuits"),
    "compensation": _("Compensation"),
}
VAT_HEADS = (
    Head("number", _("Number"), width=22),
    Head("day", _("Tax date"), width=12),
    Head("kind", _("Kind"), width=16, words=KINDS),
    Head("unit", _("Unit (code)"), width=18),
    Head("unit_name", _("Unit"), width=40),
    Head("code", _("VAT code"), width=10),
    Head("net", _("Net"), Kind.NUMBER, 18),
    Head("vat", _("VAT"), Kind.NUMBER, 18),
)
JOURNAL_HEADS = (
    Head("day", _("Day"), width=12),
    Head("number", _("Number"), width=22),
    Head("title", _("What"), width=32),
    Head("unit", _("Unit"), width=40),
    Head("account", _("Account"), width=28),
    Head("debit", _("Debit"), Kind.NUMBER, 18),
    Head("credit", _("Credit"), Kind.NUMBER, 18),
)


def asked_month() -> date:
    """The month asked for, else the one before this; raises BadField."""
    text = request.args.get("month", "").strip()
    if text:
        return month(text)
    return closing.month_of(closing.month_of(clock.today()) - timedelta(days=1))


def _around(first: date) -> dict[str, Any]:
    return {
        "first": first,
        "key": f"{first:%Y-%m}",
        "before": closing.month_of(first - timedelta(days=1)),
        "after": closing.following(first),
        "closed": closing.find(first),
    }


@pages.get("/vat")
@may("see reports")
def vat() -> str:
    """Output VAT of a month by code, and every document behind it."""
    first = asked_month()
    found = month_reports.parts(first)
    return render_template(
        "books/vat.html",
        parts=found,
        codes=month_reports.by_code(found),
        kinds=KINDS,
        gaps=[one.sentence for one in reconciling.gaps()],
        **_around(first),
    )


@pages.get("/revenue")
@may("see reports")
def revenue() -> str:
    """Net revenue of a month by service and by unit, what is deferred and what unbilled."""
    first = asked_month()
    services = month_reports.by_service(first)
    return render_template(
        "books/revenue.html",
        services=[(SERVICES.get(name, name), net) for name, net in services],
        units=month_reports.by_unit(first),
        whole=sum(net for _name, net in services),
        deferred=month_reports.deferred(first),
        unbilled=month_reports.unbilled(first),
        **_around(first),
    )


@pages.get("/vat.<form>")
@may("see reports")
def vat_file(form: str) -> Response:
    """The documents of a month's VAT as CSV or XLSX."""

    def table() -> Table:
        rows = (
            (p.number, p.day.isoformat(), p.kind, p.unit, p.unit_name, p.code.value, p.net, p.vat)
            for p in month_reports.parts(asked_month())
        )
        return Table(f"vat-{asked_month():%Y-%m}", VAT_HEADS, rows)

    return _file(form, table)


@pages.get("/revenue.<form>")
@may("see reports")
def revenue_file(form: str) -> Response:
    """Revenue of a month by service and unit as CSV or XLSX."""

    def table() -> Table:
        first = asked_month()
        rows = [
            *(("service", name, net) for name, net in month_reports.by_service(first)),
            *(("unit", name, net) for name, net in month_reports.by_unit(first)),
            ("deferred", "", month_reports.deferred(first).minor),
            ("unbilled", "", month_reports.unbilled(first).minor),
        ]
        heads = (
            Head("kind", _("Kind"), width=14),
            Head("name", _("Name"), width=40),
            Head("net", _("Net"), Kind.NUMBER, 18),
        )
        return Table(f"revenue-{first:%Y-%m}", heads, rows)

    return _file(form, table)


@pages.get("/journal.<form>")
@may("see reports")
def journal(form: str) -> Response:
    """The journal of a month: `hledger`, `csv` or `xlsx`."""
    first = asked_month()
    found = bookkeeping.entries(first, bookkeeping.accounts())
    if form == "hledger":
        sent = Response(bookkeeping.hledger(found), mimetype="text/plain")
        name = f"journal-{first:%Y-%m}.hledger"
        sent.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return sent
    rows = (
        (
            one.day.isoformat(), one.code, one.title, one.unit, posting.account,
            max(0, posting.minor), max(0, -posting.minor),
        )
        for one in found
        for posting in one.postings
    )  # fmt: skip
    return _file(form, lambda: Table(f"journal-{first:%Y-%m}", JOURNAL_HEADS, rows))


def _file(form: str, table: Callable[[], Table]) -> Response:
    if form not in sheets.WRITERS:
        raise NoSuchPage
    return exports.sent(table(), form, spoken=True)
