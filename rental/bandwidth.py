"""Circuits whose Mbps nothing keeps: they are not promised.

The floor that watches devices notes what a circuit's ports let through where nothing holds them to
less (`Resource.unshaped_mbps`); the rule here only compares (docs/decisions/0064).
"""

from collections.abc import Iterable

import sqlalchemy as sa

from config.database import db
from rental import journal
from rental.errors import BandwidthNotKept
from rental.models import Resource


def is_kept(resource: Resource) -> bool:
    """Whether a renter gets the Mbps that are rented and not more; what nobody knows is kept."""
    return (
        resource.mbps is None
        or resource.unshaped_mbps is None
        or resource.unshaped_mbps <= resource.mbps
    )


def require_kept(resources: Iterable[Resource]) -> None:
    """Raise BandwidthNotKept for the first circuit whose ports let through more than is rented."""
    for resource in resources:
        if not is_kept(resource):
            raise BandwidthNotKept(
                "{resource} is rented as {mbps} Mbps and nothing keeps its port, which lets"
                " {port_mbps} Mbps through, to that. Rent it at {port_mbps} Mbps, hand it out on a"
                " port that can shape, or have an operator note what else limits it.",
                resource=resource.code,
                mbps=resource.mbps,
                port_mbps=resource.unshaped_mbps,
            )


def note(unshaped: dict[int, int | None]) -> None:
    """Keep what the ports of these circuits let through in Mbps, by id; what is new is told."""
    query = sa.select(Resource).where(Resource.id.in_(unshaped)).order_by(Resource.id)
    for resource in db.session.scalars(query):
        mbps = unshaped[resource.id]
        if resource.unshaped_mbps != mbps:
            was_kept = is_kept(resource)
            resource.unshaped_mbps = mbps
            if is_kept(resource) != was_kept:
                verb = "kept_to_its_mbps" if is_kept(resource) else "not_kept_to_its_mbps"
                journal.record(resource, verb, by=None, mbps=mbps)
    db.session.flush()
