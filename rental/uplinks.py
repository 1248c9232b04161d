"""Uplinks: the Mbps that circuits share. A circuit takes its own Mbps of one, as a part.

An uplink is a resource whose pieces are Mbps, so all that guards stock guards it: free stock, the
conflict that names it, and at last the trigger of the database. Nobody rents it by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from config import clock
from config.database import db
from rental import availability, catalogue, occupancies
from rental.errors import BadResource
from rental.models import Part, Resource, ResourceKind
from rental.period import Period

INSTANT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class UplinkUse:
    """An uplink, the circuits that go through it, and the Mbps of it that are free now."""

    uplink: Resource
    circuits: tuple[Resource, ...]
    free_mbps: int


def of(circuit: Resource) -> Resource | None:
    """The uplink through which a circuit goes, if any is said."""
    return next((part.part for part in circuit.parts if part.part.is_uplink), None)


def lead(circuit: Resource, uplink: Resource | None) -> bool:
    """Let the circuit take its Mbps of this uplink and of no other; whether that is new.

    Bookings made before keep what they took. Raises BadResource where one of both is none.
    """
    if uplink is not None:
        _check(circuit, uplink)
    changed = False
    for part in [one for one in circuit.parts if one.part.is_uplink]:
        if uplink is not None and part.part_id == uplink.id:
            changed = part.quantity != circuit.mbps
            part.quantity = circuit.mbps or part.quantity
            uplink = None
        else:
            circuit.parts.remove(part)
            changed = True
    if uplink is not None:
        # What is found here already was kept above.
        circuit.parts.append(Part(part=uplink, quantity=circuit.mbps))
        changed = True
    db.session.flush()
    return changed


def _check(circuit: Resource, uplink: Resource) -> None:
    if not uplink.is_uplink:
        raise BadResource(
            "{uplink} is no uplink; name a resource that is one (is_uplink).", uplink=uplink.code
        )
    if circuit.kind is not ResourceKind.CIRCUIT or circuit.is_uplink or circuit.mbps is None:
        raise BadResource(
            "{resource} takes nothing of an uplink: only a circuit with Mbps does.",
            resource=circuit.code,
        )


def uses() -> list[UplinkUse]:
    """Every uplink that is not retired, by code, with who shares it and what is free now."""
    query = sa.select(Resource).where(Resource.is_uplink, ~Resource.is_retired)
    found = sorted(db.session.scalars(query), key=lambda one: catalogue.natural(one.code))
    return [use(uplink) for uplink in found]


def use(uplink: Resource) -> UplinkUse:
    """One uplink, who shares it, and what is free of it now."""
    now = Period(clock.now(), clock.now() + INSTANT)
    taken = occupancies.taken({uplink.id: uplink.stock}, now)[uplink.id]
    free = availability.free_stock(uplink.stock, taken, now)
    return UplinkUse(uplink, tuple(_circuits(uplink)), free)


def _circuits(uplink: Resource) -> Sequence[Resource]:
    query = (
        sa.select(Resource)
        .join(Part, Part.whole_id == Resource.id)
        .where(Part.part_id == uplink.id, ~Resource.is_retired)
    )
    return sorted(db.session.scalars(query), key=lambda one: catalogue.natural(one.code))
