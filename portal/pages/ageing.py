"""Ageing: what is owed by how long it is overdue, by unit, down to each invoice."""

from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response

from billing import ageing, ledger, reminders
from billing.ageing import Aged, Bucket
from config import clock
from portal import sheets
from portal.access import may
from portal.pages import exports, reading
from portal.pages.export_tables import Head, Table
from portal.sheets import Kind, Value
from rental import units
from rental.models import Unit

pages = Blueprint("ageing", __name__, url_prefix="/reports")

BUCKETS = {
    Bucket.NOT_DUE: _("Not due yet"),
    Bucket.TO_30: _("1–30 days"),
    Bucket.TO_60: _("31–60 days"),
    Bucket.TO_90: _("61–90 days"),
    Bucket.OLDER: _("More than 90 days"),
}
UNIT_HEADS = (
    Head("unit", _("Unit (code)"), width=18),
    Head("unit_name", _("Unit"), width=36),
    Head("invoices", _("Invoices"), Kind.NUMBER, 10),
    *(Head(bucket.value, word, Kind.NUMBER, 18) for bucket, word in BUCKETS.items()),
    Head("total", _("Total"), Kind.NUMBER, 18),
    Head("balance", _("Balance of the unit"), Kind.NUMBER, 18),
)
PAPER_HEADS = (
    Head("unit", _("Unit (code)"), width=18),
    Head("number", _("Invoice"), width=22),
    Head("reference", _("Reference"), width=16),
    Head("due_on", _("Due"), width=12),
    Head("days_overdue", _("Days overdue"), Kind.NUMBER, 12),
    Head("bucket", _("Age"), width=20, words={b.value: word for b, word in BUCKETS.items()}),
    Head("total", _("Total"), Kind.NUMBER, 18),
    Head("left", _("Left to pay"), Kind.NUMBER, 18),
)


@pages.get("/ageing")
@may("see reports")
def show() -> str:
    """Every unit that owes, the largest debt first; today, or at the end of a day gone by."""
    day = asked_day()
    found = ageing.by_unit(day)
    return render_template(
        "ageing/index.html",
        rows=found,
        whole=ageing.summed(found.values()),
        # What lies in balance is known as it is now.
        balances=ledger.balances() if day == clock.today() else {},
        day=day,
        today=clock.today(),
    )


def asked_day() -> date:
    """The day asked for, today at the latest."""
    today = clock.today()
    return min(reading.day(request.args, "on") or today, today)


@pages.get("/ageing/<unit_slug>")
@may("see reports")
def unit(unit_slug: str) -> str:
    """One unit's open invoices, all or those of one age."""
    owing, day, today = units.get(unit_slug), asked_day(), clock.today()
    owed = ageing.of_unit(owing, day)
    bucket = reading.word(request.args, "age", Bucket)
    return render_template(
        "ageing/unit.html",
        unit=owing,
        whole=ageing.aged(((one.invoice.due_on or day, one.left) for one in owed), day),
        owed=[one for one in owed if bucket in (None, one.bucket)],
        bucket=bucket,
        coming=reminders.following([one.invoice for one in owed]) if day == today else {},
        balance=ledger.balance(owing),
        day=day,
        today=today,
    )


@pages.get("/ageing.<form>")
@may("see reports")
def export(form: str) -> Response:
    """The report as a file: a row for each unit, or for each invoice of one unit."""
    if form not in sheets.WRITERS:
        raise NoSuchPage
    slug, day = request.args.get("unit", ""), asked_day()
    return exports.sent(_papers(units.get(slug), day) if slug else _units(day), form, spoken=True)


def _units(day: date) -> Table:
    balances = ledger.balances() if day == clock.today() else {}
    rows = [
        [*_row(unit, found), balances[unit.id].minor if unit.id in balances else None]
        for unit, found in ageing.by_unit(day).items()
    ]
    return Table(f"ageing-{day.isoformat()}", UNIT_HEADS, rows)


def _row(unit: Unit, found: Aged) -> list[Value]:
    amounts = [found.amounts[bucket].minor for bucket in Bucket]
    return [unit.slug, unit.name, found.count, *amounts, found.total.minor]


def _papers(unit: Unit, day: date) -> Table:
    rows: list[list[Value]] = [
        [
            unit.slug,
            one.invoice.display_number,
            one.invoice.reference,
            (one.invoice.due_on or day).isoformat(),
            max(0, (day - (one.invoice.due_on or day)).days),
            one.bucket.value,
            one.invoice.total_minor,
            one.left.minor,
        ]
        for one in ageing.of_unit(unit, day)
    ]
    return Table(f"ageing-{unit.slug}-{day.isoformat()}", PAPER_HEADS, rows)


FOR_TEMPLATES: dict[str, Any] = {"AGES": BUCKETS}
