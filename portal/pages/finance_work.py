"""What waits in billing itself, for the work list of finance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, current_app, render_template, url_for
from flask_babel import lazy_gettext as _

from billing import worklist
from billing.worklist import Pile
from portal.access import may
from portal.pages import stops
from portal.pages.work import Work

pages = Blueprint("finance_work", __name__, url_prefix="/invoices")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a pile stands in the list."""

    place: int
    icon: str
    title: Any
    endpoint: str
    query: Mapping[str, Any] = field(default_factory=dict)
    detail: Any = ""
    tone: str = "warn"


@pages.get("/paused")
@may("follow up invoices")
def paused() -> str:
    """The invoices of which nobody is reminded, and until when."""
    return render_template("finance/paused.html", pauses=worklist.paused())


@pages.get("/refunds-due")
@may("see reports")
def refunds_due() -> str:
    """The invoices of which more was paid than is asked for."""
    return render_template("finance/refunds_due.html", papers=worklist.over_paid())


def _of(pile: Callable[[], Pile], kind: _Kind) -> Callable[[], Work | None]:
    def ask() -> Work | None:
        if kind.endpoint not in current_app.view_functions:
            return None
        found = pile()
        if not found:
            return None
        return Work(
            kind.place,
            kind.icon,
            kind.title,
            found.count,
            url_for(kind.endpoint, **kind.query),
            found.amount,
            kind.detail,
            kind.tone,
        )

    return ask


def _stopped() -> Work | None:
    count = stops.count()
    if not count:
        return None
    return Work(60, "hand-stop", _("Units that ask for nothing new"), count, url_for("stops.index"))


WORK = (
    _of(
        worklist.overdue,
        _Kind(
            10,
            "alert-circle",
            _("Overdue invoices"),
            "ageing.show",
            detail=_("remind, call, or arrange a day"),
            tone="bad",
        ),
    ),
    _of(
        worklist.to_invoice,
        _Kind(
            20,
            "coins",
            _("Bookings to invoice"),
            "invoice_runs.show",
            detail=_("the event is over and nothing is invoiced"),
        ),
    ),
    _of(
        worklist.drafts,
        _Kind(30, "pencil", _("Drafts to issue"), "invoices.index", {"status": "draft"}),
    ),
    _of(
        worklist.einvoices,
        _Kind(
            35,
            "send",
            _("E-invoices not accepted"),
            "einvoices.index",
            {"state": "failing"},
            detail=_("the provider refused them, or does not answer"),
            tone="bad",
        ),
    ),
    _of(
        worklist.disputed,
        _Kind(40, "scale", _("Disputed by the unit"), "finance_work.paused", tone="bad"),
    ),
    _of(
        worklist.refunds_due,
        _Kind(45, "arrow-back-up", _("Refunds due"), "finance_work.refunds_due"),
    ),
    _of(
        worklist.bank_rows,
        _Kind(
            15,
            "building-bank",
            _("Bank entries to match"),
            "bank_entries.index",
            detail=_("no invoice is certain"),
        ),
    ),
    _of(
        worklist.card_disputes,
        _Kind(
            38,
            "credit-card",
            _("Card payments that are disputed"),
            "payments.index",
            detail=_("evidence is due"),
            tone="bad",
        ),
    ),
    _of(
        worklist.card_events,
        _Kind(39, "credit-card", _("Card payments that fit nothing"), "payments.index"),
    ),
    _of(
        worklist.unallocated,
        _Kind(
            42,
            "cash",
            _("Payments that pay no invoice"),
            "payments.index",
            {"state": "unspent"},
            detail=_("put them on an invoice, or give them back"),
        ),
    ),
    _of(
        worklist.refunds_asked,
        _Kind(46, "arrow-back-up", _("Refunds to pay out"), "payments.index"),
    ),
    _of(
        worklist.proposals,
        _Kind(
            50,
            "tool",
            _("Proposals to decide"),
            "proposals.index",
            detail=_("for damage, loss and late return"),
        ),
    ),
    _of(
        worklist.late_months,
        _Kind(
            18,
            "calendar-time",
            _("Months of circuits to reconcile, late"),
            "circuit_months.index",
            detail=_("the 7th of the next month has passed"),
            tone="bad",
        ),
    ),
    _of(
        worklist.traffic,
        _Kind(52, "activity", _("Traffic measured too little"), "traffic.index"),
    ),
    _of(
        worklist.unbilled_uses,
        _Kind(
            53,
            "plug-connected",
            _("Traffic that nobody had booked"),
            "unbilled.index",
            {"state": "waiting"},
            detail=_("charge it on a booking, or say why not"),
        ),
    ),
    _of(
        worklist.write_offs,
        _Kind(
            55,
            "file-x",
            _("Write-offs that wait"),
            "write_offs.index",
            detail=_("another person decides"),
            tone="info",
        ),
    ),
    _stopped,
)
