"""Statements of account: a unit's own, and for finance any unit's."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Sent
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response

from billing import statements
from billing.documents.statement import statement_pdf
from billing.statements import Statement
from config import clock
from config.database import transaction
from portal import sheets
from portal.access import current_member, may, require_visible
from portal.pages import exports, formats, reading, statement_mail
from portal.pages.export_tables import Head, Table
from portal.pages.reading import BadField
from portal.pages.reports import Days
from portal.sheets import Kind, Value
from rental import units
from rental.models import Unit

pages = Blueprint("statements", __name__)

SEES_ALL = "see every unit's invoices"
KINDS = {
    "opening": lazy_gettext("Opening balance"),
    "invoice": lazy_gettext("Invoice"),
    "credit_note": lazy_gettext("Credit note"),
    "payment": lazy_gettext("Payment"),
    "refund": lazy_gettext("Refund"),
    "reversal": lazy_gettext("Payment taken back"),
    "closing": lazy_gettext("Closing balance"),
}
HEADS = (
    Head("day", lazy_gettext("Day"), width=12),
    Head("kind", lazy_gettext("What"), width=18, words=KINDS),
    Head("reference", lazy_gettext("Reference"), width=22),
    Head("about", lazy_gettext("Description"), width=44),
    Head("due_on", lazy_gettext("Due"), width=12),
    Head("debit", lazy_gettext("Debit"), Kind.NUMBER, 18),
    Head("credit", lazy_gettext("Credit"), Kind.NUMBER, 18),
    Head("balance", lazy_gettext("Balance"), Kind.NUMBER, 18),
)


def _asked(unit: Unit) -> Statement:
    """The statement of the days asked for, else of this year so far."""
    today = clock.today()
    first, last = reading.day(request.values, "from"), reading.day(request.values, "to")
    if (first is None) is not (last is None):
        raise BadField(_("Give the first and the last day."))
    return statements.of(unit, first or date(today.year, 1, 1), last or today)


def _visible(unit_slug: str) -> Unit:
    unit = units.get(unit_slug)
    require_visible(unit.id, SEES_ALL)
    return unit


@pages.get("/statement")
@may("see own invoices")
def own() -> Response:
    """The statement of who asks."""
    return redirect(url_for(".show", unit_slug=current_member().unit.slug))


@pages.get("/units/<unit_slug>/statement")
@may("see own invoices")
def show(unit_slug: str) -> str:
    """Opening, every entry with the balance after it, ages and closing."""
    unit = _visible(unit_slug)
    found = _asked(unit)
    return render_template(
        "statements/show.html",
        unit=unit,
        statement=found,
        shortcuts=_shortcuts(),
        days=Days(found.first, found.last),
        whom=statement_mail.recipients(unit),
    )


def _shortcuts() -> list[tuple[str, Days]]:
    today = clock.today()
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    before = month - timedelta(days=1)
    return [
        (_("This month"), Days(month, today)),
        (_("Last month"), Days(before.replace(day=1), before)),
        (_("This year"), Days(year, today)),
        (_("Last year"), Days(year.replace(year=year.year - 1), year - timedelta(days=1))),
    ]


@pages.get("/units/<unit_slug>/statement.pdf")
@may("see own invoices")
def pdf(unit_slug: str) -> Sent:
    """The statement as a document to sign, in the language of the page."""
    unit = _visible(unit_slug)
    found = _asked(unit)
    name = f"statement-{unit.slug}-{found.last.isoformat()}"
    return Sent(
        statement_pdf(found, formats.language()),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )


@pages.get("/units/<unit_slug>/statement.<form>")
@may("see own invoices")
def export(unit_slug: str, form: str) -> Response:
    """The statement as a file."""
    unit = _visible(unit_slug)
    if form not in sheets.WRITERS:
        raise NoSuchPage
    return exports.sent(_table(_asked(unit)), form, spoken=True)


def _table(statement: Statement) -> Table:
    rows: list[list[Value]] = [
        [statement.first.isoformat(), "opening", "", "", "", None, None, statement.opening.minor]
    ]
    for one in statement.entries:
        due_on = one.due_on.isoformat() if one.due_on else ""
        debit = one.debit.minor if one.debit is not None else None
        credit = one.credit.minor if one.credit is not None else None
        rows.append(
            [
                one.day.isoformat(),
                one.kind.value,
                one.reference,
                one.what,
                due_on,
                debit,
                credit,
                one.balance.minor,
            ]
        )
    sums: list[Value] = [statement.debits.minor, statement.credits.minor, statement.closing.minor]
    rows.append([statement.last.isoformat(), "closing", "", "", "", *sums])
    return Table(f"statement-{statement.unit.slug}", HEADS, rows)


@pages.post("/units/<unit_slug>/statement/mail")
@may("follow up invoices")
def mail(unit_slug: str) -> Response:
    """Write the statement to the unit."""
    unit = _visible(unit_slug)
    with transaction():
        found = _asked(unit)
        told = statement_mail.write(found, by=current_member())
    flash(_("The statement is on its way to %(names)s.", names=", ".join(told)), "good")
    days = f"?from={found.first.isoformat()}&to={found.last.isoformat()}"
    return redirect(url_for(".show", unit_slug=unit_slug) + days)


FOR_TEMPLATES: dict[str, Any] = {"ENTRY_KINDS": KINDS}
