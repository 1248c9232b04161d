"""What to pack for a booking and where each piece of it is: the read side of the counter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from rental import shelves
from rental.counting import Need
from rental.models import (
    Asset,
    AssetCondition,
    Booking,
    Line,
    Movement,
    Resource,
    ServiceRecord,
)

# So many tags are offered to whoever packs.
OFFERED = 6


@dataclass(frozen=True, slots=True)
class Packed:
    """One resource that a line needs, with what went and what lies ready."""

    need: Need
    resource: Resource
    out: tuple[Movement, ...]
    back: tuple[Movement, ...]
    # Tags on the shelf that are whole and here, some of them.
    ready: tuple[str, ...]
    has_assets: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a booking needs at the counter."""

    booking: Booking
    rows: tuple[Packed, ...]

    @property
    def needed(self) -> int:
        """How many pieces in all."""
        return sum(row.need.quantity for row in self.rows)

    @property
    def out(self) -> int:
        """How many are with the unit."""
        return sum(row.need.out for row in self.rows)

    @property
    def back(self) -> int:
        """How many came back, or were reported lost."""
        return sum(row.need.back for row in self.rows)

    @property
    def missing(self) -> int:
        """How many have not been fetched."""
        return sum(row.need.missing for row in self.rows)


def sheet(booking: Booking) -> Sheet:
    """What the booking needs, piece by piece, and where each of them is now."""
    needed = shelves.needs_of([booking])[booking.id]
    movements = of_lines([line.id for line in booking.lines])
    resources = _resources({need.resource_id for need in needed})
    ready, tagged = (
        _ready({need.resource_id for need in needed if need.missing}),
        _tagged(resources),
    )
    ends = {line.id: line.ends_at for line in booking.lines}
    now = clock.now()
    rows = []
    for need in needed:
        own = [m for m in movements if (m.line_id, _booked(m)) == (need.line_id, need.resource_id)]
        rows.append(
            Packed(
                need,
                resources[need.resource_id],
                tuple(m for m in own if m.returned_at is None),
                tuple(m for m in own if m.returned_at is not None),
                tuple(ready.get(need.resource_id, ())),
                need.resource_id in tagged,
                need.out > 0 and ends[need.line_id] <= now,
            )
        )
    return Sheet(booking, tuple(rows))


def _booked(movement: Movement) -> int:
    return movement.instead_of_id or movement.resource_id


def of_lines(line_ids: Sequence[int]) -> list[Movement]:
    """Every movement of these lines, with asset and resource, in the order they went."""
    return list(
        db.session.scalars(
            sa.select(Movement)
            .where(Movement.line_id.in_(line_ids))
            .options(joinedload(Movement.asset), joinedload(Movement.resource))
            .order_by(Movement.handed_over_at, Movement.id)
        )
    )


def out_of(booking: Booking) -> list[Movement]:
    """What the booking has out now."""
    movements = of_lines([line.id for line in booking.lines])
    return [movement for movement in movements if movement.returned_at is None]


def _resources(ids: set[int]) -> dict[int, Resource]:
    rows = db.session.scalars(sa.select(Resource).where(Resource.id.in_(ids)))
    return {resource.id: resource for resource in rows}


def _tagged(resource_ids: Iterable[int]) -> set[int]:
    query = sa.select(Asset.resource_id).where(Asset.resource_id.in_(resource_ids)).distinct()
    return set(db.session.scalars(query))


def _ready(resource_ids: set[int]) -> dict[int, list[str]]:
    """Tags that are here, whole and not in service, a few of each resource."""
    if not resource_ids:
        return {}
    out = sa.select(Movement.asset_id).where(
        Movement.returned_at.is_(None), Movement.asset_id.is_not(None)
    )
    serviced = sa.select(ServiceRecord.asset_id).where(
        ServiceRecord.ended_at.is_(None), ServiceRecord.asset_id.is_not(None)
    )
    rows = db.session.execute(
        sa.select(Asset.resource_id, Asset.tag)
        .where(
            Asset.resource_id.in_(resource_ids),
            Asset.condition.not_in((AssetCondition.DAMAGED, AssetCondition.LOST)),
            Asset.id.not_in(out),
            Asset.id.not_in(serviced),
        )
        .order_by(Asset.tag)
    )
    found: dict[int, list[str]] = {}
    for resource_id, tag in rows.tuples():
        tags = found.setdefault(resource_id, [])
        if len(tags) < OFFERED:
            tags.append(tag)
    return found


def history(asset: Asset, limit: int = 50) -> list[Movement]:
    """Where an asset has been, the newest first; the first is where it is, if it is out."""
    return list(
        db.session.scalars(
            sa.select(Movement)
            .where(Movement.asset_id == asset.id)
            .options(joinedload(Movement.line).joinedload(Line.booking))
            .order_by(Movement.id.desc())
            .limit(limit)
        )
    )
