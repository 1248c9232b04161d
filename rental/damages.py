"""What came back broken or did not come back: noted, off the calendar, and back when it is mended.

A damaged or lost piece leaves the stock by a closure with the cause `damage:ID` until the desk says
that it is repaired or replaced.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import asking, closures, journal
from rental.closures import NewClosure
from rental.errors import BadPiece, UnknownDamage
from rental.models import (
    AssetCondition,
    Closure,
    ClosureKind,
    Damage,
    DamageKind,
    Line,
    Member,
    Movement,
    Resource,
)
from rental.signals import damage_reported

CAUSE = "damage:"
CONDITIONS = {
    DamageKind.DAMAGED: AssetCondition.DAMAGED,
    DamageKind.LOST: AssetCondition.LOST,
}
KINDS = {condition: kind for kind, condition in CONDITIONS.items()}
REASONS = {
    DamageKind.DAMAGED: "Hư hỏng khi cho thuê, chờ sửa chữa",
    DamageKind.LOST: "Mất khi cho thuê, chờ thay thế",
}


@dataclass(frozen=True, slots=True)
class NewDamage:
    """What happened to how many pieces, in the words of whoever saw it."""

    kind: DamageKind
    description: str = ""
    quantity: int = 1


def report(movement: Movement, new: NewDamage, *, by: Member | None) -> Damage:
    """Note a damage or a loss, take the pieces off the calendar and say `damage_reported`.

    Call it under the locks of the booking and the resource. Raises BadPiece for more pieces than
    went.
    """
    if not 1 <= new.quantity <= movement.quantity:
        raise BadPiece(
            "Between 1 and {quantity} pieces went; correct the number.", quantity=movement.quantity
        )
    damage = Damage(
        movement=movement,
        kind=new.kind,
        quantity=new.quantity,
        description=(asking.text(new.description) or "")[:1000],
        reported_by=by.id if by else None,
        reported_at=clock.now(),
    )
    db.session.add(damage)
    if movement.asset is not None:
        movement.asset.condition = CONDITIONS[new.kind]
    db.session.flush()
    _close(damage, by)
    journal.record(
        movement.line.booking,
        f"reported_{new.kind.value}",
        by=by,
        reason=damage.description,
        pieces=new.quantity,
    )
    damage_reported.send(damage)
    return damage


def _close(damage: Damage, by: Member | None) -> None:
    movement = damage.movement
    tag = f" ({movement.asset.tag})" if movement.asset is not None else ""
    closures.close(
        movement.resource,
        NewClosure(
            ClosureKind.MAINTENANCE,
            clock.now(),
            reason=f"{REASONS[damage.kind]}{tag}.",
            cause=f"{CAUSE}{damage.id}",
            quantity=min(damage.quantity, max(movement.resource.stock, 1)),
        ),
        by=by,
    )


def get(damage_id: int) -> Damage:
    """The damage of this number; raises UnknownDamage."""
    damage = db.session.get(Damage, damage_id)
    if damage is None:
        raise UnknownDamage
    return damage


def find(damage_id: int) -> Damage | None:
    """The damage of this number, if there is one."""
    return db.session.get(Damage, damage_id)


def find_by_cause(closure: Closure) -> Damage | None:
    """The damage that keeps pieces off the calendar, if that is why the closure stands."""
    if closure.cause is None or not closure.cause.startswith(CAUSE):
        return None
    return find(int(closure.cause.removeprefix(CAUSE)))


def mend(damage: Damage, *, by: Member, condition: AssetCondition = AssetCondition.GOOD) -> None:
    """The pieces are repaired, found or replaced: back on the calendar; twice changes nothing.

    Raises BadPiece for a condition in which nothing is rented out.
    """
    if condition in KINDS:
        raise BadPiece("What is mended is good or worn; choose one of them.")
    closure = standing(damage)
    if closure is None:
        return
    closures.reopen(closure, by=by)
    asset = damage.movement.asset
    if asset is not None and not _others(damage):
        asset.condition = condition
    db.session.flush()
    journal.record(damage.movement.line.booking, "mended", by=by, pieces=damage.quantity)


def standing(damage: Damage) -> Closure | None:
    """The closure by which the pieces are off the calendar; None where they are mended."""
    return closures.find_open(damage.movement.resource, f"{CAUSE}{damage.id}")


def of_booking(booking_id: int) -> list[Damage]:
    """All that was reported on one booking, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Damage)
            .join(Movement)
            .join(Line, Line.id == Movement.line_id)
            .where(Line.booking_id == booking_id)
            .order_by(Damage.id)
        )
    )


def of_asset(asset_id: int) -> list[Damage]:
    """All that happened to one asset, newest first."""
    return list(
        db.session.scalars(
            sa.select(Damage)
            .join(Movement)
            .where(Movement.asset_id == asset_id)
            .order_by(Damage.id.desc())
        )
    )


def unmended(resource: Resource) -> list[Damage]:
    """What keeps pieces of a resource off the calendar now."""
    open_ = sa.select(Closure.cause).where(
        Closure.resource_id == resource.id,
        Closure.cause.startswith(CAUSE),
        Closure.reopened_at.is_(None),
    )
    ids = [int(cause.removeprefix(CAUSE)) for cause in db.session.scalars(open_) if cause]
    return list(db.session.scalars(sa.select(Damage).where(Damage.id.in_(ids)))) if ids else []


def _others(damage: Damage) -> bool:
    """Whether another damage of the same asset still waits."""
    if damage.movement.asset_id is None:
        return False
    return any(
        other.id != damage.id and standing(other) is not None
        for other in of_asset(damage.movement.asset_id)
    )
