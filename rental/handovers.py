"""Handing over at the counter: piece by piece, in parts, or everything at once.

The first piece moves a confirmed booking to handed over; later ones add to it. What cannot go is
told piece by piece, and the others go. Booking first, resources second, as everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from config import clock
from config.database import db
from config.errors import Refusal
from rental import asking, catalogue, closures, journal, moves, occupancies, shelves, standins
from rental.counting import Need, Piece, Shelf
from rental.errors import AlreadyOut, MovedOn, NotBooked, NotFit, NotHere, UnknownPiece, WhyAnother
from rental.models import (
    Asset,
    AssetCondition,
    Booking,
    BookingStatus,
    Member,
    Movement,
    Resource,
)
from rental.period import Period
from rental.shelves import Known
from rental.signals import booking_handed_over

OPEN = (BookingStatus.CONFIRMED, BookingStatus.HANDED_OVER)
SPOILT = (AssetCondition.DAMAGED, AssetCondition.LOST)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one piece: the movement, or why it did not go (or come)."""

    piece: Piece
    movement: Movement | None = None
    refusal: Refusal | None = None


def require_all(outcomes: Sequence[Outcome]) -> None:
    """Raise the first refusal among them, for those who want all of it or nothing."""
    for outcome in outcomes:
        if outcome.refusal is not None:
            raise outcome.refusal


@dataclass(slots=True)
class _Counter:
    """What the counter knows under the locks, kept true while pieces go."""

    booking: Booking
    needed: list[Need]
    shelf: Shelf
    elsewhere: Mapping[int, Movement]
    unfit: Mapping[int, str]
    by: Member
    gone: dict[int, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def here(self, resource_id: int) -> int:
        return self.shelf.here(resource_id) - self.gone.get(resource_id, 0)


def hand_over_pieces(
    booking: Booking,
    pieces: Sequence[Piece],
    *,
    by: Member,
    barred: Mapping[int, str] | None = None,
) -> list[Outcome]:
    """Hand over these pieces of a booking; one outcome a piece, in their order.

    `barred` names assets that a floor above keeps back, with the reason. Raises MovedOn where the
    booking is neither confirmed nor handed over, ResourceClosed where its hall is off the calendar,
    BadPiece for what is no piece.
    """
    moves.lock(booking)
    if booking.status not in OPEN:
        raise MovedOn(
            "The booking is {status}; only a confirmed booking is handed over.",
            status=booking.status,
        )
    known = shelves.read(pieces)
    counter = _stand(booking, [one for one in known if isinstance(one, Known)], by)
    if barred:
        counter.unfit = {**counter.unfit, **barred}
    if booking.status is BookingStatus.CONFIRMED:
        _require_open(booking)
    outcomes = [_hand_over(counter, piece, one) for piece, one in zip(pieces, known, strict=True)]
    gone = [one.movement for one in outcomes if one.movement is not None]
    if gone:
        _note(booking, gone, by)
    return outcomes


def everything(booking: Booking, *, by: Member) -> None:
    """Hand over all that the booking has, counted and not named; raises NotHere or ResourceClosed.

    What is off the calendar now cannot be handed over.
    """
    moves.lock(booking)
    _require_open(booking)
    counter = _stand(booking, [], by)
    if booking.status is BookingStatus.CONFIRMED:
        for need in counter.needed:
            _go_counted(counter, need)
    db.session.flush()
    moves.make(booking, BookingStatus.HANDED_OVER, by=by)
    booking_handed_over.send(booking)


def _go_counted(counter: _Counter, need: Need) -> None:
    """All of one need. Pieces that went for another day of the same booking serve this one too."""
    _require_here(counter, need.resource_id, need.quantity, gone=False)
    quantity = min(need.quantity, counter.here(need.resource_id))
    if quantity > 0:
        _go(counter, need, Known(Piece(quantity=quantity), _resource(need.resource_id)))


def _require_open(booking: Booking) -> None:
    claims = occupancies.unfold(asking.asks_of(booking))
    now = clock.now()
    closures.require_open(
        [claim.resource_id for claim in claims], Period(now, now + timedelta(minutes=1))
    )


def _stand(booking: Booking, known: Sequence[Known], by: Member) -> _Counter:
    """Lock every resource that may go, then look at the shelf. The line that ends next is first."""
    soonest = {line.id: (line.ends_at <= clock.now(), line.starts_at) for line in booking.lines}
    needed = shelves.needs_of([booking])[booking.id]
    needed.sort(key=lambda need: soonest[need.line_id])
    ids = {need.resource_id for need in needed} | {one.resource.id for one in known}
    catalogue.lock(ids)
    # Asset and movement are read after the lock: a colleague may have been quicker.
    assets = [one.asset.id for one in known if one.asset is not None]
    if assets:
        db.session.scalars(
            sa.select(Asset).where(Asset.id.in_(assets)).execution_options(populate_existing=True)
        ).all()
    unfit = dict.fromkeys(shelves.in_service(assets), "")
    return _Counter(booking, needed, shelves.shelf(ids), shelves.out_by_asset(assets), unfit, by)


def _hand_over(counter: _Counter, piece: Piece, known: Known | UnknownPiece) -> Outcome:
    if isinstance(known, UnknownPiece):
        return Outcome(piece, refusal=known)
    try:
        if known.asset is not None:
            _require_fit(counter, known.asset)
        need = _place(counter, known)
        _require_here(counter, known.resource.id, piece.quantity)
        if need.resource_id != known.resource.id:
            standins.take(counter.booking, need, known.resource)
        return Outcome(piece, _go(counter, need, known))
    except Refusal as refusal:
        return Outcome(piece, refusal=refusal)


def _require_fit(counter: _Counter, asset: Asset) -> None:
    elsewhere = counter.elsewhere.get(asset.id)
    if elsewhere is not None or asset.id in counter.taken:
        where = elsewhere.line.booking if elsewhere is not None else counter.booking
        raise AlreadyOut(
            "{tag} is out on {booking} already; take it back first.",
            tag=asset.tag,
            booking=where.reference,
        )
    if asset.condition in SPOILT:
        raise NotFit(
            "{tag} is marked {condition}; choose another, or settle the damage first.",
            tag=asset.tag,
            condition=asset.condition,
        )
    if asset.id in counter.unfit:
        raise NotFit(
            "{tag} is being looked after or is quarantined; choose another.", tag=asset.tag
        )


def _place(counter: _Counter, known: Known) -> Need:
    """The need that the piece fills: of its own resource, or of an equal model with a reason."""
    own = [need for need in counter.needed if need.resource_id == known.resource.id]
    for need in own:
        if need.room >= known.piece.quantity:
            return need
    if own:
        raise NotBooked(
            "No more of {resource} is booked: {quantity} in all; change the booking first.",
            resource=known.resource.code,
            quantity=sum(need.quantity for need in own),
        )
    equal = [
        need
        for need in counter.needed
        if need.room >= known.piece.quantity
        and standins.is_equal(known.resource, _resource(need.resource_id))
    ]
    if not equal:
        raise NotBooked(
            "{resource} is not part of {booking}; hand over what is booked, or change the booking.",
            resource=known.resource.code,
            booking=counter.booking.reference,
        )
    if not known.piece.note.strip():
        raise WhyAnother(
            "{resource} would stand in for {booked}; say why, then hand it over.",
            resource=known.resource.code,
            booked=_resource(equal[0].resource_id).code,
        )
    return equal[0]


def _require_here(counter: _Counter, resource_id: int, quantity: int, *, gone: bool = True) -> None:
    here = counter.here(resource_id) if gone else counter.shelf.here(resource_id)
    if here < quantity:
        raise NotHere(
            "Only {here} of {resource} are here now, {wanted} are wanted; wait until some are back "
            "or hand over another model.",
            here=max(here, 0),
            resource=_resource(resource_id).code,
            wanted=quantity,
        )


def _go(counter: _Counter, need: Need, known: Known) -> Movement:
    piece = known.piece
    movement = Movement(
        line_id=need.line_id,
        resource_id=known.resource.id,
        instead_of_id=need.resource_id if need.resource_id != known.resource.id else None,
        asset_id=known.asset.id if known.asset is not None else None,
        quantity=piece.quantity,
        handed_over_at=clock.now(),
        handed_over_by=counter.by.id,
        note=asking.reason(piece.note),
    )
    db.session.add(movement)
    need.out += piece.quantity
    gone = counter.gone.get(known.resource.id, 0)
    counter.gone[known.resource.id] = gone + piece.quantity
    if known.asset is not None:
        counter.taken.add(known.asset.id)
    return movement


def _note(booking: Booking, gone: Sequence[Movement], by: Member) -> None:
    """Write it down; the first piece moves the booking."""
    db.session.flush()
    if booking.status is BookingStatus.CONFIRMED:
        moves.make(booking, BookingStatus.HANDED_OVER, by=by)
        booking_handed_over.send(booking)
    journal.record(
        booking, "pieces_handed_over", by=by, pieces=sum(movement.quantity for movement in gone)
    )
    for movement in gone:
        if movement.instead_of_id is not None:
            journal.record(
                booking,
                "substituted",
                by=by,
                reason=f"{_resource(movement.instead_of_id).code} → "
                f"{_resource(movement.resource_id).code}: {movement.note}",
            )
    db.session.flush()


def _resource(resource_id: int) -> Resource:
    return db.session.get_one(Resource, resource_id)
