"""Endpoints of the demo's devices: their SSH, and a Telnet port that must stay closed."""

import sqlalchemy as sa

from config.database import db
from monitoring import endpoints
from monitoring.endpoints import NewEndpoint
from monitoring.models import Device
from monitoring.probes.reached import EndpointKind
from rental.models import Member

CLOSED = "SW-CORE-01"


def add(*, by: Member) -> None:
    """Watch what the simulated devices offer."""
    for device in db.session.scalars(sa.select(Device).order_by(Device.id)):
        if device.ssh_credential_id is not None:
            new = NewEndpoint("SSH", EndpointKind.TCP, device.ssh_port, slow_ms=500)
            endpoints.add(device, new, by=by)
        if device.name == CLOSED:
            telnet = NewEndpoint("Telnet", EndpointKind.TCP, 23, expects_open=False)
            endpoints.add(device, telnet, by=by)
