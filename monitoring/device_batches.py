"""Many devices at once: each added or described anew, all of them or none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from config.database import db
from monitoring import devices
from monitoring.devices import NewDevice
from monitoring.errors import BadDevice, UnknownDevice
from monitoring.models import Device
from rental import journal
from rental.models import Member

IN_A_CIRCLE = "A device cannot be reached through itself; choose another parent."
Parents = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Planned:
    """What one device is to be: a new one, or `device` described anew.

    `parent` names the device it is reached through, which may be another one of the plan; the
    parent of `new` does not count.
    """

    new: NewDevice
    device: Device | None = None
    parent: str | None = None


def lock(names: Iterable[str]) -> None:
    """Keep the tree and the devices of these names from changing until the transaction ends.

    In id order, as the poller locks them.
    """
    devices.lock_tree()
    wanted = sa.select(Device).where(Device.name.in_(sorted(set(names)))).order_by(Device.id)
    db.session.scalars(
        wanted.with_for_update(of=Device).execution_options(populate_existing=True)
    ).all()


def parents() -> dict[str, str | None]:
    """Every device and the one it is reached through, by name."""
    above = sa.orm.aliased(Device)
    query = sa.select(Device.name, above.name).outerjoin(above, Device.parent_id == above.id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def tangled(parents: Parents, names: Iterable[str]) -> dict[str, list[str]]:
    """Those of the names that are reached through themselves, or through more than 50 others.

    Each with the way from it, up to the name that closes the circle or the last that counts.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        way = [name]
        for above in _above(name, parents):
            way.append(above)
            if above == name or len(way) > devices.DEEPEST + 1:
                found[name] = way
                break
            if above in way[:-1]:
                # A circle further up is told of those who are in it.
                break
    return found


def _above(name: str, parents: Parents) -> Iterator[str]:
    above = parents.get(name)
    while above is not None:
        yield above
        above = parents.get(above)


def take_in(planned: Sequence[Planned], *, by: Member | None) -> None:
    """Add and change all of them; raises BadDevice, BadAddress. Call `lock` first."""
    for plan in planned:
        devices.check(plan.new)
    after = {**parents(), **{plan.new.name: plan.parent for plan in planned}}
    for way in tangled(after, [plan.new.name for plan in planned]).values():
        raise BadDevice(IN_A_CIRCLE, way=way)
    fresh = [plan for plan in planned if plan.device is None]
    if fresh:
        # One statement for all, without parents: the session would write them one by one.
        db.session.execute(sa.insert(Device), [_columns(plan.new) for plan in fresh])
    names = {plan.parent for plan in planned if plan.parent is not None}
    by_name = _named(names | {plan.new.name for plan in fresh})
    _change(planned, by_name, by)
    above = [
        {"id": by_name[plan.new.name].id, "parent_id": by_name[plan.parent].id}
        for plan in fresh
        if plan.parent is not None
    ]
    for plan in fresh:
        journal.record(by_name[plan.new.name], "added", by=by, name=plan.new.name)
    db.session.flush()
    if above:
        db.session.execute(sa.update(Device), above)
        db.session.expire_all()


def _change(planned: Sequence[Planned], by_name: Mapping[str, Device], by: Member | None) -> None:
    """Describe anew what was there before."""
    before: list[tuple[Planned, Device, NewDevice]] = []
    for plan in planned:
        if plan.device is not None:
            before.append((plan, plan.device, devices.described(plan.device)))
            if plan.device.parent is not None and plan.device.parent.name != plan.parent:
                # A tree may be turned over: what stood above stands below in a moment.
                plan.device.parent = None
    db.session.flush()
    for plan, device, was in before:
        above = by_name[plan.parent] if plan.parent is not None else None
        changed = devices.redescribe(device, was, replace(plan.new, parent=above))
        journal.record(device, "changed", by=by, name=device.name, fields=changed)


def _columns(new: NewDevice) -> dict[str, Any]:
    """The columns of a new device, but for its parent."""
    device = Device()
    devices.describe(device, replace(new, parent=None))
    row: dict[str, Any] = {}
    for each in sa.inspect(Device).attrs:
        if each.key in device.__dict__:
            value = getattr(device, each.key)
            is_link = each.key in sa.inspect(Device).relationships
            row[f"{each.key}_id" if is_link else each.key] = (
                value.id if is_link and value else value
            )
    return row


def _named(names: set[str]) -> dict[str, Device]:
    query = sa.select(Device).where(Device.name.in_(names))
    found = {device.name: device for device in db.session.scalars(query)}
    if found.keys() != names:
        raise UnknownDevice
    return found
