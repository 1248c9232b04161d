"""Taking back at the counter: any pieces of any bookings in one scan session.

All that is scanned in one go is written in one transaction and in a few statements, also for
hundreds of pieces. Whoever scans second is told that it is back already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from config import clock
from config.database import db
from config.errors import Refusal
from rental import asking, catalogue, damages, journal, moves, occupancies, overdue, shelves
from rental.counting import Piece, Stay, is_complete
from rental.damages import NewDamage
from rental.errors import AlreadyBack, UnknownPiece, WhichBooking
from rental.handovers import Outcome
from rental.models import (
    Asset,
    AssetCondition,
    Booking,
    BookingStatus,
    Line,
    Member,
    Movement,
    ResourceKind,
)
from rental.shelves import Known
from rental.signals import booking_returned


@dataclass(slots=True)
class _Session:
    """What is out, read under the locks, and who takes it back."""

    by: Member
    bookings: dict[int, Booking]
    named: dict[int, Movement]
    # Counted pieces by resource, oldest first.
    counted: dict[int, list[Movement]]
    back: list[Movement] = field(default_factory=list)


def return_pieces(
    pieces: Sequence[Piece], *, by: Member, booking: Booking | None = None
) -> list[Outcome]:
    """Take these pieces back, from whatever bookings; one outcome a piece, in their order.

    With `booking` only what that booking has out is taken. When all of a booking is back, or
    reported lost, it is returned. A piece that comes back damaged or is reported lost becomes a
    damage. Raises BadPiece for what is no piece.
    """
    known = shelves.read(pieces)
    session = _stand([one for one in known if isinstance(one, Known)], by, booking)
    outcomes = [_take_back(session, piece, one) for piece, one in zip(pieces, known, strict=True)]
    if session.back:
        _note(session)
    return outcomes


def everything(booking: Booking, *, by: Member, condition: str = "") -> None:
    """Take back all that is out; what was booked beyond this moment is free again."""
    moves.lock(booking)
    out = _out(Movement.line_id.in_([line.id for line in booking.lines]))
    catalogue.lock(movement.resource_id for movement in out)
    for movement in out:
        _close(movement, by, movement.asset.condition if movement.asset else AssetCondition.GOOD)
    db.session.flush()
    complete(booking, by=by, condition=condition)
    overdue.settle(line.id for line in booking.lines)


def complete(booking: Booking, *, by: Member | None, condition: str = "") -> None:
    """Everything is back: the booking is returned and the rest of its time is free again."""
    moves.make(booking, BookingStatus.RETURNED, by=by, condition=condition)
    occupancies.give_back_rest(booking, clock.now())
    booking_returned.send(booking)


def _stand(known: Sequence[Known], by: Member, only: Booking | None) -> _Session:
    """Lock the bookings that have such pieces out, then the resources, then read what is out."""
    wanted = _wanted(known)
    if only is not None:
        wanted = sa.and_(
            wanted, Movement.line_id.in_(sa.select(Line.id).where(Line.booking_id == only.id))
        )
    touched = (
        sa.select(Line.booking_id).join(Movement).where(wanted, Movement.returned_at.is_(None))
    )
    db.session.flush()
    locked = db.session.scalars(
        sa.select(Booking)
        .where(Booking.id.in_(touched))
        .options(selectinload(Booking.lines).joinedload(Line.resource))
        .order_by(Booking.id)
        .with_for_update(of=Booking)
        .execution_options(populate_existing=True)
    )
    bookings = {booking.id: booking for booking in locked.unique()}
    lines = [line.id for booking in bookings.values() for line in booking.lines]
    out = _out(wanted, Movement.line_id.in_(lines)) if lines else []
    catalogue.lock(movement.resource_id for movement in out)
    session = _Session(by, bookings, {}, {})
    for movement in out:
        if movement.asset_id is not None:
            session.named[movement.asset_id] = movement
        else:
            session.counted.setdefault(movement.resource_id, []).append(movement)
    return session


def _wanted(known: Sequence[Known]) -> sa.ColumnElement[bool]:
    """Movements of these assets, and counted ones of their resources."""
    assets = {one.asset.id for one in known if one.asset is not None}
    resources = {one.resource.id for one in known}
    return sa.or_(
        Movement.asset_id.in_(assets),
        sa.and_(Movement.asset_id.is_(None), Movement.resource_id.in_(resources)),
    )


def _out(*conditions: sa.ColumnElement[bool]) -> list[Movement]:
    return list(
        db.session.scalars(
            sa.select(Movement)
            .where(*conditions, Movement.returned_at.is_(None))
            .options(
                joinedload(Movement.asset), joinedload(Movement.resource), joinedload(Movement.line)
            )
            .order_by(Movement.handed_over_at, Movement.id)
            .execution_options(populate_existing=True)
        )
    )


def _take_back(session: _Session, piece: Piece, known: Known | UnknownPiece) -> Outcome:
    if isinstance(known, UnknownPiece):
        return Outcome(piece, refusal=known)
    try:
        movement = _found(session, known)
    except Refusal as refusal:
        return Outcome(piece, refusal=refusal)
    condition = piece.condition or (
        _as_before(known.asset) if known.asset is not None else AssetCondition.GOOD
    )
    _close(movement, session.by, condition, piece.note)
    session.back.append(movement)
    return Outcome(piece, movement)


def _found(session: _Session, known: Known) -> Movement:
    """What comes back: the asset by its name, else so many of those that were only counted."""
    if known.asset is not None:
        named = session.named.pop(known.asset.id, None)
        if named is not None:
            return named
        if any(movement.asset_id == known.asset.id for movement in session.back):
            _refuse(known)
    counted = session.counted.get(known.resource.id, [])
    if sum(movement.quantity for movement in counted) < known.piece.quantity:
        _refuse(known)
    references = {session.bookings[m.line.booking_id].reference for m in counted}
    if len(references) > 1:
        raise WhichBooking(
            "{resource} is out on {bookings}; choose the booking first, then scan again.",
            resource=known.resource.code,
            bookings=sorted(references),
        )
    return _split(counted, known.piece.quantity, known.asset)


def _as_before(asset: Asset) -> AssetCondition:
    """Nobody said otherwise: as it went, and what went was whole."""
    return asset.condition if asset.condition not in damages.KINDS else AssetCondition.GOOD


def _close(
    movement: Movement, by: Member | None, condition: AssetCondition, note: str = ""
) -> None:
    movement.returned_at = max(clock.now(), movement.handed_over_at)
    movement.returned_by = by.id if by else None
    movement.condition = condition
    # Why another model went stays written where nothing new is said.
    movement.note = asking.reason(note) or movement.note
    if movement.asset is not None and condition not in damages.KINDS:
        movement.asset.condition = condition


def _split(counted: list[Movement], quantity: int, asset: Asset | None) -> Movement:
    """So many of the counted pieces as a movement of their own; what is left stays out."""
    first = counted[0]
    while first.quantity < quantity:
        # Two handovers of one line come back as one.
        second = counted.pop(1)
        first.quantity += second.quantity
        db.session.delete(second)
    if first.quantity == quantity:
        counted.pop(0)
        first.asset = asset
        return first
    first.quantity -= quantity
    apart = Movement(
        line=first.line,
        resource=first.resource,
        instead_of_id=first.instead_of_id,
        asset=asset,
        quantity=quantity,
        handed_over_at=first.handed_over_at,
        handed_over_by=first.handed_over_by,
        note=first.note,
    )
    db.session.add(apart)
    return apart


def _refuse(known: Known) -> NoReturn:
    """It is not out: when it came back last, if it ever went."""
    asset = known.asset
    if asset is None:
        raise AlreadyBack(
            "So many of {resource} are not out; they are back already, or were never handed over.",
            resource=known.resource.code,
        )
    last = db.session.scalar(
        sa.select(Movement)
        .where(Movement.asset_id == asset.id)
        .options(joinedload(Movement.line).joinedload(Line.booking))
        .order_by(Movement.id.desc())
        .limit(1)
    )
    if last is None:
        raise AlreadyBack("{tag} is not out: nobody handed it over.", tag=asset.tag)
    raise AlreadyBack(
        "{tag} is back already, from {booking}; there is nothing left to do.",
        tag=asset.tag,
        booking=last.line.booking.reference,
    )


def _note(session: _Session) -> None:
    """Damages, what is no longer overdue, the journal, and the bookings that are complete now."""
    db.session.flush()
    for movement in session.back:
        if movement.condition in damages.KINDS:
            kind = damages.KINDS[movement.condition]
            new = NewDamage(kind, movement.note or "", movement.quantity)
            damages.report(movement, new, by=session.by)
    touched = _by_booking(session.back)
    overdue.settle({movement.line_id for movement in session.back})
    needed = shelves.needs_of([session.bookings[booking_id] for booking_id in touched])
    for booking_id, pieces in touched.items():
        booking = session.bookings[booking_id]
        journal.record(booking, "pieces_returned", by=session.by, pieces=pieces)
        if booking.status is BookingStatus.HANDED_OVER and is_complete(
            needed[booking_id], _stays(booking), clock.now()
        ):
            complete(booking, by=session.by)
    db.session.flush()


def _by_booking(back: Iterable[Movement]) -> dict[int, int]:
    """How many pieces came back, by booking, in id order."""
    pieces: dict[int, int] = {}
    for movement in back:
        booking_id = movement.line.booking_id
        pieces[booking_id] = pieces.get(booking_id, 0) + movement.quantity
    return dict(sorted(pieces.items()))


def _stays(booking: Booking) -> list[Stay]:
    return [
        Stay(line.starts_at, line.ends_at, line.resource.kind is not ResourceKind.EQUIPMENT)
        for line in booking.lines
    ]
