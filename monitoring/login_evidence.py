"""What became of the factory logins of a device, as the rules look at it."""

from datetime import datetime

import sqlalchemy as sa

from config.database import db
from monitoring.models import Device, Endpoint, FactoryTry, TryResult
from monitoring.probes.reached import EndpointKind
from monitoring.verdicts import LoginTried

DIED = "the worker died while it was tried, and nobody knows the answer"


def of(device: Device, at: datetime) -> tuple[LoginTried, ...]:
    """The newest attempt on each endpoint of the device, by name; none where nobody asked."""
    newest = (
        sa.select(sa.func.max(FactoryTry.id))
        .where(FactoryTry.tried_at.is_not(None))
        .group_by(FactoryTry.endpoint_id)
    )
    query = (
        sa.select(FactoryTry, Endpoint.name)
        .join(Endpoint, Endpoint.id == FactoryTry.endpoint_id)
        .where(
            Endpoint.device_id == device.id,
            Endpoint.kind == EndpointKind.HTTP,
            # Of another host's page nothing follows for the device.
            Endpoint.host.is_(None),
            FactoryTry.id.in_(newest),
        )
        .order_by(Endpoint.name)
    )
    return tuple(_shown(row, name, at) for row, name in db.session.execute(query).tuples())


def _shown(row: FactoryTry, endpoint: str, at: datetime) -> LoginTried:
    result = row.result or TryResult.UNCLEAR
    told = row.told or ("" if row.result is not None else DIED)
    return LoginTried(endpoint, row.username, row.tried_at or at, at, result.value, told)
