"""What the ports of circuits let through: told by polls, and by which platforms can shape.

A circuit of 100 Mbps on a port of 1 000 is one of 1 000 unless something holds it to less: our own
shaping, or what an operator has noted on the port. What is not held is told to rental, which does
not promise it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from config.database import db
from monitoring import readings
from monitoring.models import AccessPort, Device
from monitoring.probes import switching
from rental import bandwidth, journal
from rental.models import Member, Resource, ResourceKind

MEGABIT = 1_000_000
LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class PortLimit:
    """One port: its speed in Mbps, None before a poll has told, and whether it is held to less."""

    speed_mbps: int | None
    is_held: bool


def unshaped(ports: Iterable[PortLimit]) -> int | None:
    """What the fastest port that nothing holds lets through, in Mbps; None without such a port.

    Which port a renter gets is not known before, so the fastest one decides.
    """
    speeds = [port.speed_mbps for port in ports if not port.is_held and port.speed_mbps]
    return max(speeds, default=None)


def note_site(site_id: int, *, is_switching: bool) -> None:
    """Tell rental what the circuits with managed ports at a site let through.

    Where nothing is switched (`is_switching` false) people limit by hand, and nothing is said.
    """
    at_site = sa.select(AccessPort.resource_id).join(AccessPort.device)
    managed = at_site.where(AccessPort.is_managed, Device.site_id == site_id)
    noted = sa.select(Resource.id).where(
        Resource.kind == ResourceKind.CIRCUIT,
        Resource.site_id == site_id,
        Resource.unshaped_mbps.is_not(None),
    )
    found: dict[int, int | None] = dict.fromkeys(db.session.scalars(sa.union(managed, noted)))
    if is_switching and found:
        for resource_id, ports in _ports_of(list(found)).items():
            found[resource_id] = unshaped(map(_limit, ports))
    bandwidth.note(found)


def _ports_of(resource_ids: list[int]) -> dict[int, list[AccessPort]]:
    query = sa.select(AccessPort).where(
        AccessPort.resource_id.in_(resource_ids), AccessPort.is_managed
    )
    ports: dict[int, list[AccessPort]] = {}
    for port in db.session.scalars(query.order_by(AccessPort.id)):
        ports.setdefault(port.resource_id, []).append(port)
    _note_speeds([port for each in ports.values() for port in each])
    return ports


def _note_speeds(ports: Sequence[AccessPort]) -> None:
    """Keep the highest speed seen: a port that is shut tells a low one, or none."""
    devices = {port.device_id: port.device for port in ports}
    for device in devices.values():
        latest = readings.latest(device)
        told = latest.layout.ports if latest is not None else ()
        for port in ports:
            for each in told:
                is_it = port.device_id == device.id and port.interface in (
                    each.name,
                    each.description,
                )
                if is_it and each.speed_bps:
                    port.speed_mbps = max(port.speed_mbps or 0, each.speed_bps // MEGABIT) or None
    db.session.flush()


def _limit(port: AccessPort) -> PortLimit:
    return PortLimit(port.speed_mbps, is_held(port))


def is_held(port: AccessPort) -> bool:
    """Whether our shaping, or what is noted, keeps the port to the Mbps of its circuit."""
    return switching.can_shape(port.device.platform.value) or port.limited_by is not None


def note_limit(port: AccessPort, words: str, *, by: Member | None) -> None:
    """Note what else holds the port to its circuit's Mbps; empty words take the note away."""
    noted = " ".join(words.split())[:LONGEST_NOTE] or None
    if port.limited_by == noted:
        return
    port.limited_by = noted
    verb = "limited_elsewhere" if noted else "not_limited_elsewhere"
    journal.record(port, verb, by=by, name=f"{port.device.name} {port.interface}", limited_by=noted)
    db.session.flush()
