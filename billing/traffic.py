"""Metered bandwidth of a line, month by month: counters come in, are sealed and charged.

Nothing here knows where counters come from: monitoring's readings or a file are handed over as
values by the floors above.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from billing import charges, evidence_seal, invoices, metered, traffic_charges
from billing.errors import BadTraffic, NotMetered, TrafficSealed, UnknownTraffic
from billing.evidence_seal import Sealed
from billing.metered import Bucket, Bucketed, CounterReading, Definition
from billing.models import (
    InvoiceLine,
    InvoiceStatus,
    MeteredLine,
    TrafficEvidence,
    TrafficState,
)
from config import clock
from config.database import db
from rental import agreements, journal
from rental.models import Booking, BookingStatus, Line, Member, ResourceKind
from rental.period import Period

BILLABLE = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER, BookingStatus.RETURNED)


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month at a site, and what of it a line is rented."""

    first: date
    whole: Period
    window: Period


def freeze_for(booking: Booking) -> list[MeteredLine]:
    """Freeze the definitions of a confirmed booking's circuits; what is frozen stays."""
    return [
        found
        for line in booking.lines
        if line.resource.kind is ResourceKind.CIRCUIT and (found := _frozen(line)) is not None
    ]


def definition_of(line: Line) -> Definition:
    """What the line is metered by, frozen now if it was not yet; raises NotMetered."""
    row = _frozen(line)
    if row is None:
        raise NotMetered
    return Definition.model_validate(row.definition)


def _frozen(line: Line) -> MeteredLine | None:
    row = db.session.get(MeteredLine, line.id)
    if row is not None or line.resource.kind is not ResourceKind.CIRCUIT:
        return row
    lists = metered.terms()
    day = line.starts_at.astimezone(line.resource.site.tzinfo).date()
    agreed: list[str] = []
    if any(one.agreement for one in lists):
        agreed = [one.number for one in agreements.in_force(line.booking.unit_id, day)]
    found = metered.terms_on(lists, day, agreed)
    if found is None or (found.committed_mbps is None and line.resource.mbps is None):
        return None
    definition = found.frozen_for(line.resource.mbps)
    row = MeteredLine(line_id=line.id, definition=definition.model_dump(mode="json"))
    db.session.add(row)
    db.session.flush()
    return row


def month_of(line: Line, first: date) -> Month:
    """The month that begins on `first`, at the line's site; raises BadTraffic outside the line."""
    zone = line.resource.site.tzinfo
    after = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    starts, ends = (
        datetime(day.year, day.month, 1, tzinfo=zone).astimezone(UTC) for day in (first, after)
    )
    whole = Period(starts, ends)
    window = whole.overlap(Period(line.starts_at, line.ends_at))
    if window is None:
        raise BadTraffic("The line is not rented in that month; choose another month.")
    return Month(first.replace(day=1), whole, window)


def take_in(
    line: Line, first: date, readings: Iterable[CounterReading], *, by: Member | None
) -> TrafficEvidence:
    """Seal a month's counters as evidence and charge what lies beyond the commitment.

    The same counters again give the same evidence. Where too little was measured it waits for
    finance. Raises NotMetered, BadTraffic, NoBuckets, or TrafficSealed where the month is sealed
    with other counters.
    """
    invoices.lock_booking(line.booking)
    if line.booking.status not in BILLABLE:
        raise BadTraffic("The booking is not confirmed, so nothing of it is charged; confirm it.")
    definition, month = definition_of(line), month_of(line, first)
    if month.window.ends_at > clock.now():
        raise BadTraffic("The month is not over yet for this line; send its counters afterwards.")
    found = metered.bucketed(readings, month.window, definition)
    index = metered.index_of(found.buckets, definition)
    content = evidence_seal.canonical(found, definition, line.booking.reference)
    sealed = evidence_seal.seal(content, _last_seal(line))
    live = _live(line, month)
    if live is not None:
        if live.sha256 == sealed.sha256:
            return live
        raise TrafficSealed
    evidence = _evidence(line, found, definition, sealed, by)
    evidence.index_bps = index
    evidence.state = TrafficState.WAITING
    db.session.add(evidence)
    db.session.flush()
    if metered.is_covered(found, definition):
        _charge(evidence, month)
    journal.record(
        evidence, "traffic_sealed", by=by, number=f"{month.first:%m/%Y}", seal=sealed.seal
    )
    return evidence


def accept(evidence: TrafficEvidence, *, by: Member, reason: str) -> TrafficEvidence:
    """Charge by what was measured although it is little; raises BadTraffic without a reason."""
    words = " ".join(reason.split())[:500]
    if not words:
        raise BadTraffic("Say why it is charged although too little was measured.")
    evidence = _locked(evidence, TrafficState.WAITING)
    line = evidence.line
    if line is None:
        raise BadTraffic("The line is no longer part of the booking; withdraw the evidence.")
    evidence.reason = words
    _charge(evidence, month_of(line, traffic_charges.first_day(evidence, line)))
    journal.record(evidence, "traffic_accepted", by=by, reason=words)
    return evidence


def withdraw(evidence: TrafficEvidence, *, by: Member, reason: str) -> None:
    """Set evidence aside, so that the month may be sealed anew; it stays in the chain.

    Raises BadTraffic without a reason, TrafficSealed where its charge is on an issued invoice.
    """
    words = " ".join(reason.split())[:500]
    if not words:
        raise BadTraffic("Say why the evidence is withdrawn.")
    evidence = _locked(evidence)
    charge = evidence.charge
    if charge is not None:
        if charge.invoice is not None and charge.invoice.status is not InvoiceStatus.DRAFT:
            raise TrafficSealed(
                "The traffic is on the issued invoice {number}; credit that invoice first.",
                number=charge.invoice.display_number,
            )
        if charge.reversed_at is None:
            charges.reverse([charge])
    evidence.state, evidence.reason = TrafficState.WITHDRAWN, words
    db.session.flush()
    journal.record(evidence, "traffic_withdrawn", by=by, reason=words)


def get(evidence_id: int) -> TrafficEvidence:
    """The evidence of this id; raises UnknownTraffic."""
    found = db.session.get(TrafficEvidence, evidence_id)
    if found is None:
        raise UnknownTraffic
    return found


def of_booking(booking: Booking) -> list[TrafficEvidence]:
    """The evidence of a booking, oldest first."""
    return list(
        db.session.scalars(
            sa.select(TrafficEvidence)
            .where(TrafficEvidence.booking_id == booking.id)
            .order_by(TrafficEvidence.id)
        )
    )


def waiting() -> list[TrafficEvidence]:
    """What waits for finance because too little was measured."""
    return list(
        db.session.scalars(
            sa.select(TrafficEvidence)
            .where(TrafficEvidence.state == TrafficState.WAITING)
            .order_by(TrafficEvidence.id)
        )
    )


def behind(line: InvoiceLine) -> TrafficEvidence | None:
    """The evidence that an invoice line was charged by."""
    if line.charge_id is None:
        return None
    return db.session.scalar(
        sa.select(TrafficEvidence).where(TrafficEvidence.charge_id == line.charge_id)
    )


def verify(evidence: TrafficEvidence) -> list[str]:
    """What is wrong with kept evidence; nothing where bytes, seals, index and charge agree."""
    try:
        plain = evidence_seal.opened(evidence.content)
    except zlib.error:
        return [f"traffic evidence {evidence.id}: its content cannot be opened"]
    again = evidence_seal.seal(plain, evidence.previous_seal)
    wrong = []
    if again.sha256 != evidence.sha256:
        wrong.append("the content is not what was sealed")
    if again.seal != evidence.seal:
        wrong.append("the seal does not fit the digest")
    before = _before(evidence)
    if evidence.previous_seal != (before.seal if before else ""):
        wrong.append("the seal before it is another")
    head = evidence_seal.head_of(plain)
    if head["definition"] != evidence.definition:
        wrong.append("the definition is not the sealed one")
    definition = Definition.model_validate(head["definition"])
    if metered.index_of(evidence_seal.buckets_of(plain), definition) != evidence.index_bps:
        wrong.append("the percentile is another")
    return [f"traffic evidence {evidence.id}: {one}" for one in wrong]


def gaps_of(spans: Iterable[tuple[Period, Bucket]]) -> list[Period]:
    """When nothing was measured, as spans."""
    found: list[Period] = []
    for span, bucket in spans:
        if bucket.is_measured:
            continue
        if found and found[-1].ends_at == span.starts_at:
            found[-1] = Period(found[-1].starts_at, span.ends_at)
        else:
            found.append(span)
    return found


def busiest_by_day(spans: Iterable[tuple[Period, Bucket]]) -> list[tuple[date, int, int]]:
    """Of each local day the busiest bucket in and out, in bits per second."""
    found: dict[date, tuple[int, int]] = {}
    for span, bucket in spans:
        day = span.starts_at.astimezone(clock.LOCAL).date()
        into, out = found.get(day, (0, 0))
        found[day] = max(into, bucket.in_bps or 0), max(out, bucket.out_bps or 0)
    return [(day, into, out) for day, (into, out) in found.items()]


def _before(evidence: TrafficEvidence) -> TrafficEvidence | None:
    return db.session.scalar(
        sa.select(TrafficEvidence)
        .where(TrafficEvidence.booking_id == evidence.booking_id, TrafficEvidence.id < evidence.id)
        .order_by(TrafficEvidence.id.desc())
        .limit(1)
    )


def _last_seal(line: Line) -> str:
    """The chain runs through all evidence of a booking; its lock keeps it one chain."""
    last = db.session.scalar(
        sa.select(TrafficEvidence.seal)
        .where(TrafficEvidence.booking_id == line.booking_id)
        .order_by(TrafficEvidence.id.desc())
        .limit(1)
    )
    return last or ""


def _live(line: Line, month: Month) -> TrafficEvidence | None:
    return db.session.scalar(
        sa.select(TrafficEvidence).where(
            TrafficEvidence.line_id == line.id,
            TrafficEvidence.starts_at == month.window.starts_at,
            TrafficEvidence.state != TrafficState.WITHDRAWN,
        )
    )


def _locked(evidence: TrafficEvidence, wanted: TrafficState | None = None) -> TrafficEvidence:
    invoices.lock_booking(evidence.booking)
    db.session.refresh(evidence)
    if evidence.state is TrafficState.WITHDRAWN or wanted not in (None, evidence.state):
        raise TrafficSealed("The evidence has moved on; look at it again.")
    return evidence


def _evidence(
    line: Line, found: Bucketed, definition: Definition, sealed: Sealed, by: Member | None
) -> TrafficEvidence:
    return TrafficEvidence(
        booking_id=line.booking_id,
        line_id=line.id,
        starts_at=found.window.starts_at,
        ends_at=found.window.ends_at,
        definition=definition.model_dump(mode="json"),
        content=sealed.content,
        sha256=sealed.sha256,
        previous_seal=sealed.previous_seal,
        seal=sealed.seal,
        expected=len(found.buckets),
        measured=found.measured,
        resets=found.resets,
        capped=found.capped,
        sealed_by_id=by.id if by else None,
    )


def _charge(evidence: TrafficEvidence, month: Month) -> None:
    """Charge what lies beyond; nothing where the index is within the commitment."""
    definition = Definition.model_validate(evidence.definition)
    found = metered.price(definition, evidence.index_bps, month.window, month.whole)
    if not found.amount or evidence.line is None:
        evidence.state = TrafficState.WITHIN
        db.session.flush()
        return
    charge = traffic_charges.charge_for(evidence.line, evidence, found)
    db.session.add(charge)
    db.session.flush()
    evidence.charge_id, evidence.state = charge.id, TrafficState.CHARGED
    db.session.flush()
