"""Endpoints of the demo's devices: SSH, a page over TLS, a Telnet port that must stay closed."""

import sqlalchemy as sa

from config.database import db
from monitoring import endpoints
from monitoring.endpoints import NewEndpoint
from monitoring.models import Device
from monitoring.probes.reached import EndpointKind
from portal.demo import web_server
from portal.demo.devices import SERVER_WEB_OFFSET
from rental.models import Member

CLOSED = "SW-CORE-01"
STREAMING = "SRV-STREAM-01"


def add(base_port: int, *, by: Member) -> None:
    """Watch what the simulated devices offer."""
    for device in db.session.scalars(sa.select(Device).order_by(Device.id)):
        if device.ssh_credential_id is not None:
            new = NewEndpoint("SSH", EndpointKind.TCP, device.ssh_port, slow_ms=500)
            endpoints.add(device, new, by=by)
        if device.name == CLOSED:
            telnet = NewEndpoint("Telnet", EndpointKind.TCP, 23, expects_open=False)
            endpoints.add(device, telnet, by=by)
        if device.name == STREAMING:
            endpoints.add(device, _page(base_port + SERVER_WEB_OFFSET), by=by)


def _page(port: int) -> NewEndpoint:
    """The server's control page; no authority vouches for its certificate."""
    return NewEndpoint(
        "Trang điều khiển",
        EndpointKind.HTTP,
        port,
        path=web_server.PATH,
        server_name=web_server.NAME,
        is_secure=True,
        needs_trust=False,
        expected_status=200,
        expected_word="ready",
    )
