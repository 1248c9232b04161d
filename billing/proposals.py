"""Proposals: charges for damage, loss and lateness that nobody owes until finance accepts them."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from billing import compensation, invoices, vat
from billing.compensation import CompensationTerms, Thing
from billing.errors import BadProposal, DecidedAlready, UnknownProposal
from billing.models import Charge, ChargeKind, ChargeProposal, ProposalStatus
from billing.money import Money, total
from config import clock
from config.database import db
from rental import journal
from rental.models import (
    AssetCondition,
    Booking,
    Damage,
    DamageKind,
    Line,
    Member,
    Movement,
    Resource,
)

KINDS = {DamageKind.DAMAGED: ChargeKind.DAMAGE, DamageKind.LOST: ChargeKind.LOSS}
WORDS = {
    DamageKind.DAMAGED: ("Bồi thường hư hỏng", "Compensation for damage"),
    DamageKind.LOST: ("Bồi thường mất", "Compensation for loss"),
}
LARGEST = 10**12


def propose_for_damage(damage: Damage) -> None:
    """Propose what a damage or a loss is worth by the terms of today; once, however often called.

    Where no terms are in force the proposal waits without an amount: finance writes it.
    """
    movement, resource = damage.movement, damage.movement.resource
    found = _terms()
    worth = (
        compensation.worth(found, _thing(resource), damage.kind, damage.quantity)
        if found is not None
        else Money(0)
    )
    vi, en = WORDS[damage.kind]
    tag = f" ({movement.asset.tag})" if movement.asset is not None else ""
    times = f" × {damage.quantity}" if damage.quantity > 1 else ""
    _propose(
        ChargeProposal(
            booking_id=movement.line.booking_id,
            line_id=movement.line_id,
            damage_id=damage.id,
            kind=KINDS[damage.kind],
            cause=f"damage:{damage.id}",
            description=f"{vi}: {resource.name}{tag}{times}",
            description_en=f"{en}: {resource.name_en or resource.name}{tag}{times}",
            amount_minor=worth.minor,
            currency=worth.currency,
        )
    )


def propose_for_lateness(booking: Booking) -> None:
    """Propose what came back late is worth, one proposal a line; call it when all is back."""
    found = _terms()
    if found is None:
        return
    for line in booking.lines:
        late = _lateness(found, line)
        if late.amount.minor == 0:
            continue
        resource = line.resource
        _propose(
            ChargeProposal(
                booking_id=booking.id,
                line_id=line.id,
                kind=ChargeKind.LATE,
                cause=f"late:{line.id}",
                description=(f"Trả muộn: {resource.name} × {late.pieces}, tổng {late.hours} giờ"),
                description_en=(
                    f"Late return: {resource.name_en or resource.name} × {late.pieces}, "
                    f"{late.hours} hours in all"
                ),
                amount_minor=late.amount.minor,
                currency=late.amount.currency,
            )
        )


@dataclass(frozen=True, slots=True)
class _Late:
    pieces: int
    hours: int
    amount: Money


def _lateness(found: CompensationTerms, line: Line) -> _Late:
    """Hours begun after the grace × pieces, of all that went and did come back."""
    rows = db.session.execute(
        sa.select(Resource, Movement.returned_at, Movement.quantity)
        .join(Movement, Movement.resource_id == Resource.id)
        .where(
            Movement.line_id == line.id,
            Movement.returned_at > line.ends_at,
            Movement.condition != AssetCondition.LOST,
        )
    )
    grace = timedelta(minutes=found.grace_minutes)
    pieces, hours, amounts = 0, 0, []
    for resource, returned_at, quantity in rows.tuples():
        hours_each = compensation.hours_late(line.ends_at, returned_at or line.ends_at, grace)
        piece_hours = quantity * hours_each
        pieces += quantity if hours_each else 0
        hours += piece_hours
        amounts.append(compensation.lateness(found, _thing(resource), piece_hours))
    return _Late(pieces, hours, total(amounts, found.currency))


def _terms() -> CompensationTerms | None:
    return compensation.terms_on(compensation.terms(), clock.today())


def _thing(resource: Resource) -> Thing:
    return Thing(resource.code, resource.kind, resource.tariff, resource.category)


def _propose(new: ChargeProposal) -> None:
    db.session.execute(
        insert(ChargeProposal)
        .values(
            booking_id=new.booking_id,
            line_id=new.line_id,
            damage_id=new.damage_id,
            kind=new.kind,
            cause=new.cause,
            description=new.description[:500],
            description_en=new.description_en[:500],
            amount_minor=new.amount_minor,
            currency=new.currency,
            status=ProposalStatus.PROPOSED,
            proposed_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["cause"])
    )


def get(proposal_id: int) -> ChargeProposal:
    """The proposal of this number; raises UnknownProposal."""
    proposal = db.session.get(ChargeProposal, proposal_id)
    if proposal is None:
        raise UnknownProposal
    return proposal


def waiting() -> int:
    """How many wait for finance."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(ChargeProposal.id)).where(
                ChargeProposal.status == ProposalStatus.PROPOSED
            )
        )
        or 0
    )


def listed(status: ProposalStatus, limit: int = 200) -> list[ChargeProposal]:
    """The proposals that stand so; those that wait oldest first, the others newest first."""
    oldest_first = status is ProposalStatus.PROPOSED
    order = ChargeProposal.id.asc() if oldest_first else ChargeProposal.id.desc()
    return list(
        db.session.scalars(
            sa.select(ChargeProposal)
            .where(ChargeProposal.status == status)
            .options(
                joinedload(ChargeProposal.booking),
                joinedload(ChargeProposal.damage),
                joinedload(ChargeProposal.member),
            )
            .order_by(order)
            .limit(limit)
        )
    )


def of_booking(booking: Booking) -> list[ChargeProposal]:
    """What was proposed for one booking, oldest first."""
    return list(
        db.session.scalars(
            sa.select(ChargeProposal)
            .where(ChargeProposal.booking_id == booking.id)
            .order_by(ChargeProposal.id)
        )
    )


def accept(proposal: ChargeProposal, *, by: Member, amount: Money | None = None) -> Charge:
    """Make it a charge, of another amount where finance says so.

    Raises DecidedAlready where somebody was quicker, BadProposal for an amount of nothing.
    """
    invoices.lock_booking(proposal.booking)
    owed = amount if amount is not None else proposal.amount
    if not 0 < owed.minor <= LARGEST:
        raise BadProposal("The amount is above zero; correct it, or drop the proposal.")
    _decide(proposal, ProposalStatus.ACCEPTED, by)
    charge = _charge(proposal, owed)
    db.session.add(charge)
    db.session.flush()
    proposal.charge_id = charge.id
    proposal.amount_minor = owed.minor
    db.session.flush()
    journal.record(
        proposal.booking, "proposal_accepted", by=by, amount=owed.minor, proposal=proposal.id
    )
    return charge


def drop(proposal: ChargeProposal, *, by: Member, reason: str) -> None:
    """Ask nothing of the unit, for a reason; raises DecidedAlready or BadProposal."""
    words = reason.strip()[:500]
    if not words:
        raise BadProposal("Say why nothing is charged.")
    _decide(proposal, ProposalStatus.DROPPED, by)
    proposal.reason = words
    db.session.flush()
    journal.record(proposal.booking, "proposal_dropped", by=by, reason=words, proposal=proposal.id)


def _decide(proposal: ChargeProposal, status: ProposalStatus, by: Member) -> None:
    """A conditional update settles who was first."""
    decided = db.session.execute(
        sa.update(ChargeProposal)
        .where(ChargeProposal.id == proposal.id, ChargeProposal.status == ProposalStatus.PROPOSED)
        .values(status=status, decided_by=by.id, decided_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if decided.rowcount == 0:  # type: ignore[attr-defined]
        raise DecidedAlready
    db.session.refresh(proposal)


def _charge(proposal: ChargeProposal, owed: Money) -> Charge:
    found = compensation.terms_on(compensation.terms(), clock.today(clock.LOCAL))
    late = proposal.kind is ChargeKind.LATE
    service = "compensation"
    if found is not None:
        service = found.late_service if late else found.service
    booking, line = proposal.booking, proposal.line
    return Charge(
        unit_id=booking.unit_id,
        booking_id=booking.id,
        line_id=proposal.line_id,
        kind=proposal.kind,
        description=proposal.description,
        description_en=proposal.description_en,
        quantity=Decimal(1),
        unit_price_minor=owed.minor,
        amount_minor=owed.minor,
        currency=owed.currency,
        service=service,
        vat_code=vat.code_on(vat.rates(), service, clock.today()),
        starts_at=line.starts_at if line is not None else booking.starts_at,
        ends_at=line.ends_at if line is not None else booking.ends_at,
    )
