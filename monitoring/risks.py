"""The violations in the order of their risk, each with what makes it so."""

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased, joinedload

from config.database import db
from monitoring import dependencies, risk
from monitoring.models import AccessPort, Device, Violation
from monitoring.risk import Exposure, Risk, Stance, Use
from monitoring.rules import Severity
from rental.models import Resource


@dataclass(frozen=True, slots=True)
class Ranking:
    """Some of the violations in the order of their risk, and how many there are in all."""

    risks: dict[int, Risk]
    total: int

    @property
    def ids(self) -> list[int]:
        """Their ids, the greatest risk first."""
        return list(self.risks)


def ranked(
    conditions: Sequence[sa.ColumnElement[bool]], at: datetime, *, limit: int = 30, offset: int = 0
) -> Ranking:
    """The violations that meet the conditions, the greatest risk first, of equal ones the oldest.

    Reads four columns of each: a list of violations that stand, not of all that ever were.
    """
    query = sa.select(
        Violation.id, Violation.device_id, Violation.severity, Violation.opened_at
    ).where(*conditions)
    rows = db.session.execute(query).tuples().all()
    known = stances({row[1] for row in rows}, at)

    def place(row: tuple[int, int, Severity, datetime]) -> tuple[float, datetime, int]:
        each, device_id, severity, opened_at = row
        return -risk.weight(severity, known[device_id], opened_at, at), opened_at, each

    shown = sorted(rows, key=place)[offset : offset + limit]
    told = {
        each: risk.assess(severity, known[device_id], opened_at, at)
        for each, device_id, severity, opened_at in shown
    }
    return Ranking(told, len(rows))


def of(violations: Collection[Violation], at: datetime) -> dict[int, Risk]:
    """The risk of each of these violations, by its id."""
    known = stances({each.device_id for each in violations}, at)
    return {
        each.id: risk.assess(each.severity, known[each.device_id], each.opened_at, at)
        for each in violations
    }


def loaded(ids: Sequence[int]) -> list[Violation]:
    """The violations of these ids in this order, with their devices."""
    query = sa.select(Violation).options(joinedload(Violation.device)).where(Violation.id.in_(ids))
    rows = {each.id: each for each in db.session.scalars(query)}
    return [rows[each] for each in ids if each in rows]


def stances(device_ids: Collection[int], at: datetime) -> dict[int, Stance]:
    """Who reaches each of these devices, and the event that uses it now or within a day."""
    if not device_ids:
        return {}
    uses = uses_of(at)
    query = sa.select(Device.id, Device.address, Device.tags).where(
        _is_one_of(Device.id, device_ids)
    )
    rented, shared = _rented(device_ids), _shared(device_ids)
    found = {}
    for device_id, address, tags in db.session.execute(query).tuples():
        use = risk.foremost(uses.get(device_id, ()), at)
        said = risk.marked(tags)
        if said is not None:
            found[device_id] = Stance((said,), is_marked=True, use=use)
            continue
        derived = [Exposure.PUBLIC] if _is_public(address) else []
        derived += [Exposure.RENTERS] if device_id in rented else []
        derived += [Exposure.SHARED] if device_id in shared else []
        found[device_id] = Stance(tuple(derived) or (Exposure.INTERNAL,), use=use)
    return found


def uses_of(at: datetime) -> dict[int, list[Use]]:
    """The events of the coming day by the devices they need, and by what those are reached through.

    A line counts for its own time: what is rented in the afternoon is not in use in the morning.
    """
    bookings = dependencies.today(at, at + risk.AHEAD)
    needs = dependencies.of_bookings(bookings)
    found: dict[int, list[Use]] = {}
    for booking in bookings:
        for need in needs[booking.id]:
            if need.line.ends_at <= at:
                continue
            use = Use(booking.reference, booking.title, need.line.starts_at, need.line.ends_at)
            for one in need.needed:
                for device in (one.device, *one.above):
                    found.setdefault(device.id, []).append(use)
    return found


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        # A name says nothing.
        return False


def _rented(device_ids: Collection[int]) -> set[int]:
    """Those that serve what is rented, or hand a circuit out."""
    serving = (
        sa.select(Device.id)
        .join(Resource, Resource.id == Device.resource_id)
        .where(_is_one_of(Device.id, device_ids), ~Resource.is_retired)
    )
    handing = sa.select(AccessPort.device_id).where(_is_one_of(AccessPort.device_id, device_ids))
    return set(db.session.scalars(serving)) | set(db.session.scalars(handing))


def _shared(device_ids: Collection[int]) -> set[int]:
    """Those through which others in use are reached."""
    below = aliased(Device)
    query = sa.select(below.parent_id).where(
        _is_one_of(below.parent_id, device_ids), below.is_enabled
    )
    return {each for each in db.session.scalars(query) if each is not None}


def _is_one_of(column: Any, ids: Collection[int]) -> sa.ColumnElement[bool]:
    """One array in place of a parameter for each of thousands."""
    found: sa.ColumnElement[bool] = column == sa.any_(sa.literal(list(ids), ARRAY(sa.Integer)))
    return found
