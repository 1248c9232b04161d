"""Unbilled use: traffic that nobody had booked, as sealed lines that finance charges or dismisses.

Nothing here knows how runs are found: the floors above hand over a run's number, its time and the
counters of its port.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from billing import charges, evidence_seal, invoices, metered, quotes
from billing.errors import BadUse, TrafficSealed, UnknownUse, UseDecided
from billing.metered import Bucket, CounterReading, Definition
from billing.models import Charge, ChargeKind, InvoiceStatus, UnbilledUse, UseState
from billing.quotes import QuoteLine
from billing.traffic import BILLABLE
from billing.unbilled_words import charge_words
from config import clock
from config.database import db
from rental import catalogue, journal
from rental.models import Booking, Member, Resource
from rental.period import Period

# Nothing was agreed, so nothing is committed: all of it is beyond.
DEFINITION = Definition(
    code="unbooked",
    committed_mbps=0,
    price_per_mbps=0,
    service="",
    minimum_coverage_percent=0,
    longest_gap_seconds=900,
    source="traffic on a port that nobody had booked",
)
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class NewUse:
    """A run that is over: its number, the circuit, and the port by its device and name."""

    run: int
    resource: Resource
    device: str
    port: str
    period: Period


def take_in(new: NewUse, readings: Iterable[CounterReading]) -> UnbilledUse:
    """Seal a run's counters, once: the same run again gives the use that is there.

    Raises BadTraffic for counters that contradict themselves, NoBuckets where none was measured.
    """
    # The chain of a circuit's seals stays one chain.
    catalogue.lock([new.resource.id])
    known = db.session.scalar(sa.select(UnbilledUse).where(UnbilledUse.run == new.run))
    if known is not None:
        return known
    found = metered.bucketed(readings, new.period, DEFINITION)
    index = metered.index_of(found.buckets, DEFINITION)
    content = evidence_seal.canonical(found, DEFINITION, "")
    sealed = evidence_seal.seal(content, _last_seal(new.resource))
    into, out = _octets((found.span(number), one) for number, one in enumerate(found.buckets))
    use = UnbilledUse(
        run=new.run,
        resource_id=new.resource.id,
        device=new.device,
        port=new.port,
        starts_at=new.period.starts_at,
        ends_at=new.period.ends_at,
        in_octets=into,
        out_octets=out,
        index_bps=index,
        definition=DEFINITION.model_dump(mode="json"),
        content=sealed.content,
        sha256=sealed.sha256,
        previous_seal=sealed.previous_seal,
        seal=sealed.seal,
        expected=len(found.buckets),
        measured=found.measured,
        state=UseState.WAITING,
    )
    db.session.add(use)
    db.session.flush()
    journal.record(use, "use_sealed", by=None, number=f"{new.device} {new.port}", seal=use.seal)
    return use


def _octets(spans: Iterable[tuple[Period, Bucket]]) -> tuple[int, int]:
    """What the measured buckets come to, in and out."""
    into = out = 0
    for span, bucket in spans:
        seconds = span.duration // timedelta(seconds=1)
        into += (bucket.in_bps or 0) * seconds // 8
        out += (bucket.out_bps or 0) * seconds // 8
    return into, out


def _last_seal(resource: Resource) -> str:
    last = sa.select(UnbilledUse.seal).where(UnbilledUse.resource_id == resource.id)
    return db.session.scalar(last.order_by(UnbilledUse.id.desc()).limit(1)) or ""


def get(use_id: int) -> UnbilledUse:
    """The use of this id; raises UnknownUse."""
    found = db.session.get(UnbilledUse, use_id)
    if found is None:
        raise UnknownUse
    return found


def spans(use: UnbilledUse) -> list[tuple[Period, Bucket]]:
    """Every bucket that was sealed, with its time; raises zlib.error where it is damaged."""
    plain = evidence_seal.opened(use.content)
    head = evidence_seal.head_of(plain)
    return list(evidence_seal.spans_of(head, evidence_seal.buckets_of(plain)))


def price_for(use: UnbilledUse, booking: Booking) -> QuoteLine:
    """What the circuit would have cost the booking's unit for that time; raises NoPrice."""
    wanted = [quotes.rented(use.resource, use.period)]
    return quotes.for_unit(booking.unit, wanted).lines[0]


def charge(use: UnbilledUse, booking: Booking, *, by: Member) -> Charge:
    """Charge it on a booking, as if the circuit had been booked; the next invoice has it.

    Raises BadUse for a booking that is not charged, NoPrice without a tariff, UseDecided where
    somebody was quicker.
    """
    invoices.lock_booking(booking)
    db.session.refresh(booking)
    if booking.status not in BILLABLE:
        raise BadUse("The booking is not confirmed, so nothing of it is charged; choose another.")
    made = _charge(use, booking, price_for(use, booking))
    db.session.add(made)
    db.session.flush()
    _decide(use, UseState.CHARGED, by=by, booking_id=booking.id, charge_id=made.id, reason=None)
    journal.record(use, "use_charged", by=by, reference=booking.reference, amount=made.amount_minor)
    return made


def _charge(use: UnbilledUse, booking: Booking, quoted: QuoteLine) -> Charge:
    priced = quoted.priced
    words = charge_words(use, priced)
    return Charge(
        unit_id=booking.unit_id,
        booking_id=booking.id,
        kind=ChargeKind.UNBOOKED,
        description=words.description,
        description_en=words.description_en,
        explanation=words.explanation,
        explanation_en=words.explanation_en,
        measure=priced.measure,
        quantity=priced.measured,
        unit_price_minor=priced.unit_price.minor,
        amount_minor=priced.amount.minor,
        currency=priced.amount.currency,
        tax_inclusive=priced.tax_inclusive,
        service=priced.service,
        vat_code=quoted.taxed.code,
        tariff=priced.tariff,
        starts_at=use.starts_at,
        ends_at=use.ends_at,
    )


def dismiss(use: UnbilledUse, *, by: Member, reason: str) -> None:
    """Ask nothing of anybody; raises BadUse without a reason, UseDecided where it is decided."""
    words = _reason(reason, "Say why nothing is charged.")
    _decide(use, UseState.DISMISSED, by=by, reason=words)
    journal.record(use, "use_dismissed", by=by, reason=words)


def cover(use: UnbilledUse, booking: Booking) -> None:
    """A booking made late takes its time; raises UseDecided where finance was quicker."""
    _decide(use, UseState.COVERED, by=None, booking_id=booking.id, reason=None)
    journal.record(use, "use_covered", by=None, reference=booking.reference)


def reopen(use: UnbilledUse, *, by: Member | None, reason: str) -> None:
    """Let it wait again: its charge is taken back, a booking no longer covers it.

    Raises BadUse without a reason, TrafficSealed where an issued invoice has its charge.
    """
    words = _reason(reason, "Say why the decision is taken back.")
    if use.booking is not None:
        invoices.lock_booking(use.booking)
    db.session.refresh(use, with_for_update={"of": UnbilledUse})
    if use.state is UseState.WAITING:
        raise UseDecided
    if use.state is UseState.COVERED and by is not None:
        raise BadUse("A booking takes this time; cancel or move that booking first.")
    made = use.charge
    if made is not None:
        if made.invoice is not None and made.invoice.status is not InvoiceStatus.DRAFT:
            raise TrafficSealed(
                "The traffic is on the issued invoice {number}; credit that invoice first.",
                number=made.invoice.display_number,
            )
        if made.reversed_at is None:
            charges.reverse([made])
    use.state, use.charge_id, use.booking_id, use.reason = UseState.WAITING, None, None, None
    use.decided_by_id, use.decided_at = None, None
    db.session.flush()
    journal.record(use, "use_reopened", by=by, reason=words)


def _reason(text: str, missing: str) -> str:
    words = " ".join(text.split())[:LONGEST_REASON]
    if not words:
        raise BadUse(missing)
    return words


def _decide(use: UnbilledUse, state: UseState, *, by: Member | None, **more: object) -> None:
    """A conditional update settles who was first."""
    decided = db.session.execute(
        sa.update(UnbilledUse)
        .where(UnbilledUse.id == use.id, UnbilledUse.state == UseState.WAITING)
        .values(state=state, decided_by_id=by.id if by else None, decided_at=clock.now(), **more)
        .execution_options(synchronize_session=False)
    )
    if decided.rowcount == 0:  # type: ignore[attr-defined]
        raise UseDecided
    db.session.refresh(use)


def in_state(state: UseState, *, since: datetime) -> list[UnbilledUse]:
    """The uses that stand so and were sealed after `since`, oldest first."""
    query = sa.select(UnbilledUse).where(UnbilledUse.state == state, UnbilledUse.sealed_at > since)
    return list(db.session.scalars(query.order_by(UnbilledUse.id)))


def sealed_runs(runs: Iterable[int]) -> set[int]:
    """Those of these runs that are sealed already."""
    query = sa.select(UnbilledUse.run).where(UnbilledUse.run.in_(list(runs)))
    return set(db.session.scalars(query))


def verify(use: UnbilledUse) -> list[str]:
    """What is wrong with a kept use; nothing where bytes, seals, percentile and volume agree."""
    try:
        plain = evidence_seal.opened(use.content)
    except zlib.error:
        return [f"unbilled use {use.id}: its content cannot be opened"]
    again = evidence_seal.seal(plain, use.previous_seal)
    before = db.session.scalar(
        sa.select(UnbilledUse.seal)
        .where(UnbilledUse.resource_id == use.resource_id, UnbilledUse.id < use.id)
        .order_by(UnbilledUse.id.desc())
        .limit(1)
    )
    buckets = evidence_seal.buckets_of(plain)
    index = metered.index_of(buckets, Definition.model_validate(use.definition))
    claims = {
        "the content is not what was sealed": again.sha256 == use.sha256,
        "the seal does not fit the digest": again.seal == use.seal,
        "the seal before it is another": use.previous_seal == (before or ""),
        "the percentile is another": index == use.index_bps,
        "the volume is another": _octets(spans(use)) == (use.in_octets, use.out_octets),
    }
    return [f"unbilled use {use.id}: {words}" for words, holds in claims.items() if not holds]
