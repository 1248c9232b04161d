"""Metered traffic: counters sent in, evidence that waits, and the buckets behind a line."""

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as Sent
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from billing import evidence_seal, traffic, traffic_charges, traffic_files
from billing.errors import UnknownTraffic
from billing.metered import Definition
from billing.models import Invoice, TrafficEvidence, TrafficState
from config.database import bounded_count, db, transaction
from portal import uploads
from portal.access import current_member, may
from portal.pages import formats, reading
from portal.pages import invoices as invoice_pages
from portal.pages.reading import Listing, month
from portal.pages.states import State
from rental import bookings
from rental.models import Booking, Line

pages = Blueprint("traffic", __name__)

STATES = {
    "waiting": State("warn", "hourglass", lazy_gettext("Too little measured")),
    "charged": State("info", "coins", lazy_gettext("Charged")),
    "within": State("good", "circle-check", lazy_gettext("Within the commitment")),
    "withdrawn": State("calm", "ban", lazy_gettext("Withdrawn")),
}


def line_of(booking: Booking, number: int | None) -> Line:
    """The booking's line of this number, from 1; raises UnknownTraffic."""
    if number is None or not 1 <= number <= len(booking.lines):
        raise UnknownTraffic("The booking has no line {line}; look at it again.", line=number or "")
    return booking.lines[number - 1]


def evidence_of(invoice: Invoice) -> dict[int, TrafficEvidence]:
    """The sealed evidence behind an invoice's lines, by the line's id: one query."""
    charge_lines = {one.charge_id: one.id for one in invoice.lines if one.charge_id is not None}
    if not charge_lines:
        return {}
    rows = db.session.scalars(
        sa.select(TrafficEvidence).where(TrafficEvidence.charge_id.in_(charge_lines))
    )
    return {charge_lines[row.charge_id]: row for row in rows if row.charge_id is not None}


FOR_TEMPLATES = {"traffic_evidence": evidence_of}


def spoken_mbps(bps: int) -> str:
    """Mbps with two digits as the language of the page writes them: `143,27`."""
    figure = traffic_charges.mbps(bps)
    return figure.replace(".", ",") if formats.language() == "vi" else figure


def buckets_csv(evidence: TrafficEvidence) -> Sent:
    """The buckets as CSV, as they were sealed; the seal stands in a header and in the name."""
    plain = evidence_seal.opened(evidence.content)
    spans = evidence_seal.spans_of(evidence_seal.head_of(plain), evidence_seal.buckets_of(plain))
    sent = Sent(traffic_files.written(spans), mimetype="text/csv")
    name = f"{evidence.booking.reference}-{evidence.starts_at:%Y%m}-{evidence.seal[:12]}.csv"
    sent.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    sent.headers["X-Evidence-SHA256"] = evidence.sha256
    sent.headers["X-Evidence-Seal"] = evidence.seal
    return sent


def behind_line(invoice: Invoice, number: int) -> TrafficEvidence:
    """The evidence behind the line at a position of an invoice; raises UnknownTraffic."""
    line = next((one for one in invoice.lines if one.position == number), None)
    found = traffic.behind(line) if line is not None else None
    if found is None:
        raise UnknownTraffic
    return found


@pages.get("/traffic")
@may("import traffic")
def index() -> str:
    """What waits for finance first, then the newest evidence."""
    page = reading.page_number()
    query = sa.select(TrafficEvidence).options(
        joinedload(TrafficEvidence.booking),
        joinedload(TrafficEvidence.line).joinedload(Line.resource),
        joinedload(TrafficEvidence.charge),
    )
    waits = TrafficEvidence.state == TrafficState.WAITING
    rows = db.session.scalars(
        query.order_by(waits.desc(), TrafficEvidence.id.desc())
        .limit(reading.PER_PAGE)
        .offset((page - 1) * reading.PER_PAGE)
    )
    total = bounded_count(sa.select(TrafficEvidence.id), page * reading.PER_PAGE)
    return render_template(
        "traffic/index.html",
        listing=Listing(list(rows), total, page),
        mbps=spoken_mbps,
        states=STATES,
    )


@pages.post("/traffic")
@uploads.takes_files()
@may("import traffic")
def take_in() -> Response:
    """Seal a month's counters of a line."""
    booking = bookings.get(request.form.get("booking", ""))
    line = line_of(booking, reading.integer(request.form, "line"))
    readings = traffic_files.readings_of(uploads.received("file").content)
    with transaction():
        evidence = traffic.take_in(
            line, month(request.form.get("month", "")), readings, by=current_member()
        )
        state = evidence.state
    if state is TrafficState.WAITING:
        flash(_("Sealed. Too little was measured, so finance decides whether it is charged."))
    else:
        flash(_("Sealed. The line's next invoice has what lies beyond the commitment."), "good")
    return redirect(url_for(".index"))


@pages.post("/traffic/<int:evidence_id>/accept")
@may("decide proposals")
def accept(evidence_id: int) -> Response:
    """Charge by what was measured, for a reason."""
    with transaction():
        traffic.accept(
            traffic.get(evidence_id), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("Accepted. The next invoice of the booking has it."), "good")
    return redirect(url_for(".index"))


@pages.post("/traffic/<int:evidence_id>/withdraw")
@may("decide proposals")
def withdraw(evidence_id: int) -> Response:
    """Set evidence aside, so that the month can be sealed anew."""
    with transaction():
        traffic.withdraw(
            traffic.get(evidence_id), by=current_member(), reason=request.form.get("reason", "")
        )
    flash(_("Withdrawn. The month can be sent again."), "good")
    return redirect(url_for(".index"))


@pages.get("/invoices/<int:invoice_id>/lines/<int:line_number>/traffic")
@may("see own invoices")
def show(invoice_id: int, line_number: int) -> str:
    """The evidence behind an invoice line: definition, coverage, gaps and whether seals fit."""
    invoice = invoice_pages.visible(invoice_id)
    evidence = behind_line(invoice, line_number)
    plain = evidence_seal.opened(evidence.content)
    spans = list(
        evidence_seal.spans_of(evidence_seal.head_of(plain), evidence_seal.buckets_of(plain))
    )
    return render_template(
        "traffic/show.html",
        invoice=invoice,
        line=next(one for one in invoice.lines if one.position == line_number),
        evidence=evidence,
        definition=Definition.model_validate(evidence.definition),
        ports=evidence_seal.head_of(plain)["ports"],
        gaps=traffic.gaps_of(spans),
        problems=traffic.verify(evidence),
        mbps=spoken_mbps,
        days=traffic.busiest_by_day(spans),
    )


@pages.get("/invoices/<int:invoice_id>/lines/<int:line_number>/traffic.csv")
@may("see own invoices")
def csv(invoice_id: int, line_number: int) -> Sent:
    """Every bucket behind an invoice line."""
    return buckets_csv(behind_line(invoice_pages.visible(invoice_id), line_number))
