"""The list of invoices: what narrows it, what it comes to, and the same list as a file."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound as NoSuchPage

from billing import invoice_search
from billing.invoice_search import Sorting, SoughtInvoices
from billing.models import InvoiceKind, InvoiceStatus
from config.database import bounded_count, db
from portal import sheets
from portal.access import allowed, current_member, may, visible_unit_id
from portal.pages import amounts, exports, reading, states
from portal.pages.export_tables import MOST_ROWS, ExportTooLong, Head, Table
from portal.pages.reading import BadField, Listing, month
from portal.sheets import Kind, Value
from rental import units

pages = Blueprint("invoice_list", __name__, url_prefix="/exports")

SEES_ALL = "see every unit's invoices"
# Beside the states of an invoice: open, and its day has passed.
OVERDUE = "overdue"
# What narrows and sorts the list; whatever else stands in an address is not passed on.
FILTERS = ("unit", "kind", "status", "month", "least", "most", "q", "sort")
KINDS = {
    "whole": lazy_gettext("Invoice"),
    "advance": lazy_gettext("Advance invoice"),
    "part": lazy_gettext("Part invoice"),
    "final": lazy_gettext("Final invoice"),
}
SORTINGS = {
    "newest": lazy_gettext("Newest first"),
    "oldest": lazy_gettext("Oldest first"),
    "due": lazy_gettext("Due first"),
    "largest": lazy_gettext("Largest first"),
    "most_left": lazy_gettext("Most left to pay first"),
    "unit": lazy_gettext("By unit"),
}
STATUS = {name: state.word for name, state in states.INVOICE.items()}
HEADS = (
    Head("number", lazy_gettext("Number"), width=22),
    Head("reference", lazy_gettext("Reference"), width=16),
    Head("kind", lazy_gettext("Kind"), width=18, words=KINDS),
    Head("status", lazy_gettext("State"), width=18, words=STATUS),
    Head("unit", lazy_gettext("Unit (code)"), width=18),
    Head("unit_name", lazy_gettext("Unit"), width=40),
    Head("tax_date", lazy_gettext("Tax date"), width=12),
    Head("due_on", lazy_gettext("Due"), width=12),
    Head("currency", lazy_gettext("Currency"), width=10),
    Head("net", lazy_gettext("Net"), Kind.NUMBER),
    Head("vat", lazy_gettext("VAT"), Kind.NUMBER),
    Head("total", lazy_gettext("Total"), Kind.NUMBER),
    Head("credited", lazy_gettext("Credited"), Kind.NUMBER),
    Head("paid", lazy_gettext("Paid"), Kind.NUMBER),
    Head("left", lazy_gettext("Left to pay"), Kind.NUMBER),
)
_FETCHED = 1000


def _amount(name: str) -> int | None:
    found = amounts.signed_amount(request.args.get(name, ""))
    if found is not None and found < 0:
        raise BadField(_("An invoice is never below zero; give amounts without a sign."))
    return found


def sought() -> SoughtInvoices:
    """What the address asks for, narrowed to what who asks may see; raises BadField."""
    status = request.args.get("status", "").strip()
    asked = {} if status == OVERDUE else {"status": status}
    found = reading.word(asked, "status", InvoiceStatus)
    kind = reading.word(request.args, "kind", InvoiceKind)
    least, most = _amount("least"), _amount("most")
    if least is not None and most is not None and most < least:
        raise BadField(_("The highest amount lies below the lowest; swap them."))
    text = request.args.get("month", "").strip()
    return SoughtInvoices(
        only_unit_id=visible_unit_id(current_member(), SEES_ALL),
        unit=request.args.get("unit") or None,
        kinds=[kind] if kind else [],
        statuses=[found] if found else [],
        month=month(text) if text else None,
        is_overdue=status == OVERDUE,
        least=least,
        most=most,
        text=request.args.get("q", "").strip()[:100],
        sorting=reading.word(request.args, "sort", Sorting) or Sorting.NEWEST,
    )


def around() -> dict[str, Any]:
    """What the page of the list is drawn from."""
    wanted = sought()
    page = reading.page_number()
    total = bounded_count(invoice_search.narrowed(wanted), page * reading.PER_PAGE)
    rows = db.session.scalars(
        invoice_search.in_line(wanted)
        .limit(reading.PER_PAGE)
        .offset((page - 1) * reading.PER_PAGE)
    )  # fmt: skip
    return {
        "listing": Listing(list(rows), total, page),
        "sums": invoice_search.together(wanted),
        "narrowed": any(request.args.get(name) for name in FILTERS if name != "sort"),
        "kinds": KINDS,
        "sortings": SORTINGS,
        "units": units.everyone() if allowed(SEES_ALL) else [],
    }


def _rows(wanted: SoughtInvoices) -> Iterator[Sequence[Value]]:
    """The list with all its pages, from a cursor of the server; raises ExportTooLong."""
    ids = invoice_search.narrowed(wanted).subquery()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0
    if count > MOST_ROWS:
        raise ExportTooLong(
            "The export has {count} rows, more than {most}; narrow the filters.",
            count=count,
            most=MOST_ROWS,
        )
    query = invoice_search.written_out(wanted).execution_options(yield_per=_FETCHED)
    return ([_plain(value) for value in row] for row in db.session.execute(query))


def _plain(value: Any) -> Value:
    if isinstance(value, date):
        return value.isoformat()
    found: Value = getattr(value, "value", value)
    return found


@pages.get("/invoices.<form>")
@may("see own invoices")
def invoices(form: str) -> Response:
    """The invoices of the list, all its pages, as CSV or XLSX."""
    if form not in sheets.WRITERS:
        raise NoSuchPage
    return exports.sent(Table("invoices", HEADS, _rows(sought())), form, spoken=True)


def address(form: str) -> str:
    """Where the list shown is found as a file, with the filters in force."""
    asked: dict[str, Any] = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    return url_for("invoice_list.invoices", form=form, **asked)


FOR_TEMPLATES: dict[str, Any] = {"invoices_address": address}
