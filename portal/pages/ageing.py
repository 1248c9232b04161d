"""Ageing: what is owed by how long it is overdue, by unit, down to each invoice."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound as NoSuchPage
from werkzeug.wrappers import Response

from billing import ageing, ledger, reminders
from billing.ageing import Aged, Bucket
from billing.models import Invoice
from billing.money import Money
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
    """Every unit that owes, the largest debt first."""
    found = ageing.by_unit()
    return render_template(
        "ageing/index.html",
        rows=found,
        whole=ageing.summed(found.values()),
        balances=ledger.balances(),
        today=clock.today(),
    )


@pages.get("/ageing/<unit_slug>")
@may("see reports")
def unit(unit_slug: str) -> str:
    """One unit's open invoices, all or those of one age."""
    owing = units.get(unit_slug)
    today = clock.today()
    papers = ageing.of_unit(owing)
    bucket = reading.word(request.args, "age", Bucket)
    return render_template(
        "ageing/unit.html",
        unit=owing,
        whole=ageing.aged(((one.due_on or today, one.left) for one in papers), today),
        papers=[one for one in papers if bucket in (None, _bucket(one))],
        bucket=bucket,
        coming=reminders.following(papers),
        today=today,
        bucket_of=_bucket,
        balance=ledger.balance(owing),
    )


def _bucket(invoice: Invoice) -> Bucket:
    return ageing.bucket_of(invoice.due_on or clock.today(), clock.today())


@pages.get("/ageing.<form>")
@may("see reports")
def export(form: str) -> Response:
    """The report as a file: a row for each unit, or for each invoice of one unit."""
    if form not in sheets.WRITERS:
        raise NoSuchPage
    slug = request.args.get("unit", "")
    return exports.sent(_papers(units.get(slug)) if slug else _units(), form, spoken=True)


def _units() -> Table:
    balances = ledger.balances()
    rows = [
        [*_row(unit, found), balances.get(unit.id, Money(0)).minor]
        for unit, found in ageing.by_unit().items()
    ]
    return Table("ageing", UNIT_HEADS, rows)


def _row(unit: Unit, found: Aged) -> list[Value]:
    amounts = [found.amounts[bucket].minor for bucket in Bucket]
    return [unit.slug, unit.name, found.count, *amounts, found.total.minor]


def _papers(unit: Unit) -> Table:
    today = clock.today()
    rows: list[list[Value]] = [
        [
            unit.slug,
            one.display_number,
            one.reference,
            (one.due_on or today).isoformat(),
            max(0, (today - (one.due_on or today)).days),
            _bucket(one).value,
            one.total_minor,
            one.left.minor,
        ]
        for one in ageing.of_unit(unit)
    ]
    return Table(f"ageing-{unit.slug}", PAPER_HEADS, rows)


FOR_TEMPLATES: dict[str, Any] = {"AGES": BUCKETS}
